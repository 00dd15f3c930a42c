package huaweikms_test

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/seed-1f7fdfb8/sops/internal/env"
	"github.com/seed-1f7fdfb8/sops/internal/hint"
	"github.com/seed-1f7fdfb8/sops/internal/test/httpfault"
	"github.com/seed-1f7fdfb8/sops/internal/test/huaweitest"
	"github.com/seed-1f7fdfb8/sops/keeper"
	"github.com/seed-1f7fdfb8/sops/keeper/huaweikms"
	"github.com/seed-1f7fdfb8/sops/keeper/huaweikms/huaweikey"
)

const (
	encryptAction = "kms:cmk:encryptData"
	decryptAction = "kms:cmk:decryptData"
)

// A world is a region with one key, and the environment of a user.
type world struct {
	*huaweitest.Server
	id   string
	home string
	vars map[string]string
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{Server: huaweitest.New("eu-west-101"), home: t.TempDir()}
	t.Cleanup(w.Close)
	w.id = w.AddKey()
	ak, sk := w.User("ann", encryptAction, decryptAction)
	w.vars = map[string]string{
		"HOME": w.home, "HUAWEICLOUD_SDK_AK": ak, "HUAWEICLOUD_SDK_SK": sk, "HUAWEICLOUD_SDK_PROJECT_ID": huaweitest.Project,
		"HUAWEICLOUD_SDK_REGION_KMS_EU_WEST_101": w.URL, "HUAWEICLOUD_SDK_IAM_ENDPOINT": w.URL, "SOPS_HUAWEICLOUD_METADATA": "none",
	}
	return w
}

func (w *world) keeper(vars ...string) *huaweikms.Keeper {
	all := maps.Clone(w.vars)
	for i := 0; i+1 < len(vars); i += 2 {
		all[vars[i]] = vars[i+1]
	}
	return huaweikms.New(huaweikms.Options{Env: env.Map(all), Attempt: 2 * time.Second})
}

func (w *world) key() keeper.MasterKey { return key(w.Name(w.id)) }

func key(name string) keeper.MasterKey { return huaweikey.Kind().Key("key_id", name) }

func secret() keeper.Data { return keeper.NewData(bytes.Repeat([]byte("canary!!"), 4)) }

func (w *world) wrapped(t *testing.T) keeper.WrappedKey {
	t.Helper()
	out, err := w.keeper().Wrap(t.Context(), w.key(), secret())
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// fails checks that err is an Error of a cause, says what it must, gives hints
// that hold what they must, and shows neither secrets nor commands.
func fails(t *testing.T, err error, cause huaweikms.Cause, says, advice string) {
	t.Helper()
	var e *huaweikms.Error
	if !errors.As(err, &e) || e.Cause != cause {
		t.Errorf("got %v, want the cause %q", err, cause)
		return
	}
	hints := strings.Join(hint.Hints(err), "\n")
	if !strings.Contains(err.Error(), says) || !strings.Contains(hints, advice) {
		t.Errorf("got %q, hints %q; want %q, %q", err, hints, says, advice)
	}
	if all := err.Error() + hints; strings.Contains(all, "canary") || strings.ContainsAny(all, "\x1b\u202e") {
		t.Errorf("it shows too much: %q", all)
	}
}

func TestADataKeyIsUnwrappedAsItWasWrapped(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	temporary := func() []string {
		ak, sk, security := w.Temporary("bob", encryptAction, decryptAction)
		return []string{"HUAWEICLOUD_SDK_AK", ak, "HUAWEICLOUD_SDK_SK", sk, "HUAWEICLOUD_SDK_SECURITY_TOKEN", security}
	}
	file := func(section string) []string {
		path := filepath.Join(t.TempDir(), "credentials")
		text := "[other]\nak=x\n[" + section + "]\n# ours\nak = " + w.vars["HUAWEICLOUD_SDK_AK"] + "\nsk='" + w.vars["HUAWEICLOUD_SDK_SK"] + "'\n"
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return []string{"HUAWEICLOUD_SDK_AK", "", "HUAWEICLOUD_SDK_SK", "", "HUAWEICLOUD_SDK_CREDENTIALS_FILE", path}
	}
	w.Machine(encryptAction, decryptAction)
	for name, vars := range map[string][]string{
		"variables":           nil,
		"temporary":           temporary(),
		"file":                file("basic"),
		"file of the manual":  file("default"),
		"project found":       {"HUAWEICLOUD_SDK_PROJECT_ID", ""},
		"machine":             {"HUAWEICLOUD_SDK_AK", "", "HUAWEICLOUD_SDK_SK", "", "SOPS_HUAWEICLOUD_METADATA", w.URL},
		"machine and project": {"HUAWEICLOUD_SDK_AK", "", "HUAWEICLOUD_SDK_SK", "", "SOPS_HUAWEICLOUD_METADATA", w.URL, "HUAWEICLOUD_SDK_PROJECT_ID", ""},
		"list of endpoints":   {"HUAWEICLOUD_SDK_REGION_KMS_EU_WEST_101", w.URL + "/,http://127.0.0.1:1"},
	} {
		k := w.keeper(vars...)
		out, err := k.Wrap(t.Context(), w.key(), secret())
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if out.Created.IsZero() || out.EntryID() != w.key().EntryID() {
			t.Errorf("%s: wrapped %+v", name, out)
		}
		if d, err := k.Unwrap(t.Context(), out); err != nil || !d.Equal(secret()) {
			t.Errorf("%s: %v, %v", name, d, err)
		}
	}
	if all := w.Complaints(); len(all) > 0 {
		t.Errorf("the server complains: %q", all)
	}
}

func TestAProjectIsLookedForOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	good := w.wrapped(t)
	w.Calls()
	k := w.keeper("HUAWEICLOUD_SDK_PROJECT_ID", "")
	for range 3 {
		if _, err := k.Unwrap(t.Context(), good); err != nil {
			t.Fatal(err)
		}
	}
	if calls := w.Calls(); len(calls) != 4 || calls[0].Path != "/v3/projects" || calls[0].User != "ann" {
		t.Errorf("calls %v", calls)
	}
}

func TestRefusalsSayWhatHelps(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	good := w.wrapped(t)
	unwrap := func(m keeper.MasterKey, vars ...string) error {
		_, err := w.keeper(vars...).Unwrap(t.Context(), keeper.WrappedKey{MasterKey: m, Enc: good.Enc})
		return err
	}
	ak, sk := w.User("reader", decryptAction)
	_, err := w.keeper("HUAWEICLOUD_SDK_AK", ak, "HUAWEICLOUD_SDK_SK", sk).Wrap(t.Context(), w.key(), secret())
	fails(t, err, huaweikms.Denied, "KMS.0007: Policy doesn't allow kms:cmk:encryptData to be performed. (access key "+ak+" from HUAWEICLOUD_SDK_AK) (request req-0001)", "kms:cmk:encryptData on the key, in the project "+huaweitest.Project)
	fails(t, unwrap(w.key(), "HUAWEICLOUD_SDK_SK", "x"), huaweikms.KeyRefused, "APIGW.0301: ", "HUAWEICLOUD_SDK_SECURITY_TOKEN")
	fails(t, unwrap(w.key(), "HUAWEICLOUD_SDK_SK", ""), huaweikms.NoCredentials, "only one of", "")
	fails(t, unwrap(w.key(), "HUAWEICLOUD_SDK_AK", "", "HUAWEICLOUD_SDK_SK", ""), huaweikms.NoCredentials,
		"there are no credentials for Huawei Cloud: HUAWEICLOUD_SDK_AK is not set, there is no ~/.huaweicloud/credentials, SOPS_HUAWEICLOUD_METADATA is none", "write ak and sk into [basic]")
	fails(t, unwrap(w.key(), "HUAWEICLOUD_SDK_AK", "", "HUAWEICLOUD_SDK_SK", "", "HUAWEICLOUD_SDK_IDP_ID", "x"), huaweikms.NoCredentials, "federation is not supported", "")
	fails(t, unwrap(w.key(), "HUAWEICLOUD_SDK_PROJECT_ID", "other"), huaweikms.Denied, "APIGW.0302", "in the project other")
	fails(t, unwrap(w.key(), "HUAWEICLOUD_SDK_PROJECT_ID", "a/b"), huaweikms.NoCredentials, "is not the id of a project", "")
	fails(t, unwrap(w.key(), "HUAWEICLOUD_SDK_REGION_KMS_EU_WEST_101", "http://kms.invalid"), huaweikms.BadSettings, "HUAWEICLOUD_SDK_REGION_KMS_EU_WEST_101: it is not https", "")
	other := w.AddKey()
	fails(t, unwrap(key(w.Name(other))), huaweikms.BadCiphertext, "KMS.0208: Decryption failed.", "git log -p -- FILE")
	fails(t, unwrap(key("eu-west-101:12345678-1234-4123-8123-123456789012")), huaweikms.NotFound, "Key not found", "check the region")
	w.SetState(w.id, huaweitest.Disabled)
	fails(t, unwrap(w.key()), huaweikms.Disabled, "KMS.0209", "enable the key")
	w.SetState(w.id, huaweitest.Pending)
	fails(t, unwrap(w.key()), huaweikms.Deleted, "KMS.0210", "cancel the deletion")
	for _, name := range []string{"", "eu-west-101", "eu/west:12345678-1234-4123-8123-123456789012", "eu-west-101:alias", "e\x1b[2J:x"} {
		fails(t, unwrap(key(name)), huaweikms.BadName, "key_id", "")
	}
	_, err = w.keeper().Unwrap(t.Context(), keeper.WrappedKey{MasterKey: w.key(), Enc: "AAAA"})
	fails(t, err, huaweikms.BadCiphertext, "enc is not what the service makes", "git log")
	if all := w.Complaints(); len(all) > 0 {
		t.Errorf("the server complains: %q", all)
	}
}

// TestAFileThatCannotBeReadIsNamed: the variable is named where it is set, and
// only there.
func TestAFileThatCannotBeReadIsNamed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	good := w.wrapped(t)
	home := t.TempDir()
	if err := os.WriteFile(filepath.Join(home, "file"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(home, ".huaweicloud", "credentials"), 0o700); err != nil {
		t.Fatal(err)
	}
	missing := filepath.Join(home, "missing")
	for _, c := range []struct{ home, file, says string }{
		{home, "", "~/.huaweicloud/credentials is not a file of credentials"},
		{home, home, "HUAWEICLOUD_SDK_CREDENTIALS_FILE (" + home + ") is not a file of credentials"},
		{home, missing, "HUAWEICLOUD_SDK_CREDENTIALS_FILE (" + missing + "): no such file"},
		{filepath.Join(home, "file"), "", "cannot decrypt the data key: ~/.huaweicloud/credentials: not a directory"},
	} {
		_, err := w.keeper("HUAWEICLOUD_SDK_AK", "", "HUAWEICLOUD_SDK_SK", "", "HOME", c.home, "HUAWEICLOUD_SDK_CREDENTIALS_FILE", c.file).Unwrap(t.Context(), good)
		fails(t, err, huaweikms.NoCredentials, c.says, "")
	}
}

func TestAWrongClockIsNamed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	good := w.wrapped(t)
	k := huaweikms.New(huaweikms.Options{Env: env.Map(w.vars), Now: func() time.Time { return time.Now().Add(-time.Hour) }})
	_, err := k.Unwrap(t.Context(), good)
	fails(t, err, huaweikms.Skewed, "x-sdk-date is expired", "date -u")
}

func TestAProjectThatIsNotThereIsNamed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, err := w.keeper("HUAWEICLOUD_SDK_PROJECT_ID", "", "HUAWEICLOUD_SDK_REGION_KMS_CN_NORTH_4", w.URL).Wrap(t.Context(), key("cn-north-4:"+w.id), secret())
	fails(t, err, huaweikms.NoProject, "IAM knows 0 projects for the region cn-north-4", "HUAWEICLOUD_SDK_PROJECT_ID")
}

func TestStrangeAnswersAreNamed(t *testing.T) {
	t.Parallel()
	causes := map[string]huaweikms.Cause{
		"throttled": huaweikms.Throttled, "failed": huaweikms.Unavailable, "other key": huaweikms.BadAnswer, "commands": huaweikms.BadCiphertext,
		"code": huaweikms.BadCiphertext, "empty": huaweikms.BadAnswer, "junk": huaweikms.BadAnswer, "redirect": huaweikms.BadAnswer,
	}
	for name, reply := range huaweitest.Replies() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			good := w.wrapped(t)
			w.Reply(reply, 0)
			_, err := w.keeper().Unwrap(t.Context(), good)
			fails(t, err, causes[name], "cannot decrypt the data key: ", "")
			_, err = w.keeper().Wrap(t.Context(), good.MasterKey, secret())
			fails(t, err, causes[name], "cannot encrypt the data key: ", "")
		})
	}
}

func TestFaultsEndInTime(t *testing.T) {
	t.Parallel()
	for _, mode := range httpfault.Modes() {
		t.Run(string(mode), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			good := w.wrapped(t)
			w.Faults.Set(httpfault.Fault{Mode: mode, Delay: time.Millisecond})
			start := time.Now()
			d, err := w.keeper().Unwrap(t.Context(), good)
			if mode == httpfault.Slow {
				if err != nil || !d.Equal(secret()) {
					t.Errorf("%v", err)
				}
				return
			}
			var e *huaweikms.Error
			if !errors.As(err, &e) || d.Len() > 0 {
				t.Errorf("got %v", err)
			}
			if took := time.Since(start); took > 10*time.Second {
				t.Errorf("it took %s", took)
			}
		})
	}
}

func TestACallEndsWithItsContext(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	good := w.wrapped(t)
	w.Faults.Set(httpfault.Fault{Mode: httpfault.Hang})
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(20*time.Millisecond, cancel)
	if _, err := w.keeper().Unwrap(ctx, good); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestAKeeperIsUsedByMany(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	k, good := w.keeper("HUAWEICLOUD_SDK_PROJECT_ID", ""), w.wrapped(t)
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			if d, err := k.Unwrap(t.Context(), good); err != nil || !d.Equal(secret()) {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}

func TestTheDoctorSaysWhatWasUsed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	good := w.wrapped(t)
	for name, c := range map[string]struct {
		vars []string
		want string
	}{
		"well":           {nil, "ok endpoint URL\nok credentials access key AK from HUAWEICLOUD_SDK_AK\nok project " + huaweitest.Project + "\nok decrypt "},
		"no credentials": {[]string{"HUAWEICLOUD_SDK_AK", "", "HUAWEICLOUD_SDK_SK", ""}, "ok endpoint URL\nFAILED credentials there are no credentials"},
		"wrong endpoint": {[]string{"HUAWEICLOUD_SDK_REGION_KMS_EU_WEST_101", "ftp://x"}, "FAILED endpoint HUAWEICLOUD_SDK_REGION_KMS_EU_WEST_101: "},
		"wrong secret":   {[]string{"HUAWEICLOUD_SDK_SK", "x"}, "FAILED decrypt "},
	} {
		steps, err := w.keeper(c.vars...).Examine(t.Context(), good)
		var lines []string
		for _, s := range steps {
			lines = append(lines, map[bool]string{true: "ok ", false: "FAILED "}[s.OK]+s.Name+" "+s.Detail)
		}
		got := strings.NewReplacer(w.URL, "URL", w.vars["HUAWEICLOUD_SDK_AK"], "AK").Replace(strings.Join(lines, "\n"))
		if !strings.Contains(got, c.want) || (err != nil) != strings.Contains(got, "FAILED") {
			t.Errorf("%s: %v, got\n%s\nwant\n%s", name, err, got, c.want)
		}
	}
}
