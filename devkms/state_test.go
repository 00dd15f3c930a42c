package devkms_test

import (
	"bufio"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"

	"github.com/seed-1f7fdfb8/sops/devkms"
)

// open starts a server on the directory; the caller closes it.
func open(t *testing.T, dir string, w *devkms.World) *lab {
	t.Helper()
	s, err := devkms.New(devkms.Options{Dir: dir, World: w})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Listen(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return &lab{as(s, "alice"), t, s, context.Background()}
}

func (l *lab) close() {
	l.t.Helper()
	if err := l.server.Close(); err != nil {
		l.t.Fatal(err)
	}
}

func TestYesterdaysBlobOpensToday(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "state")
	l := open(t, dir, nil)
	old := l.sealed(devKey, ec{"a": "b"})
	l.must(nil, l.use("RotateKeyOnDemand", devKey, nil))
	middle := l.sealed(mrkKey, nil)
	session := l.assume(t, devRole)
	l.close()

	l = open(t, dir, nil)
	if err := firstOf(l.decrypt(old, ec{"a": "b"}), l.region("eu-west-1").decrypt(middle, nil)); err != nil {
		t.Error(err)
	}
	session.url = l.url
	if err := l.is(session).decrypt(old, ec{"a": "b"}); err != nil {
		t.Errorf("a session of yesterday: %v", err)
	}
}

func TestWhatCallsChangeIsKept(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	l := open(t, dir, nil)
	made := l.newKey(func(in *kms.CreateKeyInput) {
		in.MultiRegion, in.Description = ptr(true), ptr("made")
		in.Tags = []types.Tag{{TagKey: ptr("team"), TagValue: ptr("x")}}
	})
	l.must(l.kms().CreateAlias(l.ctx, &kms.CreateAliasInput{AliasName: ptr("alias/made"), TargetKeyId: &made}))
	l.must(l.kms().UpdateAlias(l.ctx, &kms.UpdateAliasInput{AliasName: ptr("alias/sops-dev"), TargetKeyId: &made}))
	l.must(nil, l.put(policyOf(keepAdmin, allowTo(arnBob, "kms:Encrypt", ""))))
	l.must(nil, l.use("DisableKey", appKey, nil))
	l.must(nil, l.use("EnableKeyRotation", devKey, nil))
	l.must(nil, l.use("CancelKeyDeletion", deletedKey, nil))
	l.must(nil, l.use("ScheduleKeyDeletion", offKey, nil))
	before := []*types.KeyMetadata{l.describe(made), l.describe(devKey), l.describe(appKey), l.describe(offKey), l.describe(deletedKey)}
	l.close()

	l = open(t, dir, nil)
	for _, want := range before {
		got := l.describe(*want.Arn)
		if err := firstOf(same("state", got.KeyState, want.KeyState), same("material", *got.CurrentKeyMaterialId, *want.CurrentKeyMaterialId),
			same("description", *got.Description, *want.Description), same("created", *got.CreationDate, *want.CreationDate)); err != nil {
			t.Errorf("%s: %v", *want.Arn, err)
		}
	}
	if _, err := l.user("bob").encrypt(devKey, "x", nil); err != nil {
		t.Errorf("the key policy is lost: %v", err)
	}
	if err := same("alias", *l.describe("alias/sops-dev").Arn, made); err != nil {
		t.Error(err)
	}
	if tags, err := l.kms().ListResourceTags(l.ctx, &kms.ListResourceTagsInput{KeyId: &made}); err != nil || len(tags.Tags) != 1 {
		t.Errorf("tags: %+v, %v", tags, err)
	}
}

func TestAChangedWorldWinsButKeepsTheMaterial(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	l := open(t, dir, nil)
	b := l.sealed(devKey, nil)
	l.must(nil, l.use("DisableKey", devKey, nil))
	l.close()

	w := devkms.BuiltinWorld()
	w.Accounts[0].Keys[0].Description = "changed"
	l = open(t, dir, w)
	if err := l.decrypt(b, nil); err != nil {
		t.Error(err)
	}
	l.close()

	w = devkms.BuiltinWorld()
	w.Accounts[0].Keys = w.Accounts[0].Keys[1:]
	l = open(t, dir, w)
	if got := code(l.use("DescribeKey", devKey, nil)); got != "NotFoundException" {
		t.Errorf("a key that left the world: got %q", got)
	}
	l.close()

	l = open(t, dir, nil)
	if err := l.decrypt(b, nil); err != nil {
		t.Errorf("a key that came back: %v", err)
	}
}

func TestADeletedKeyStaysDeleted(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	l := open(t, dir, nil)
	if got := code(l.later(31*day).use("DescribeKey", deletedKey, nil)); got != "NotFoundException" {
		t.Fatalf("got %q", got)
	}
	l.close()
	l = open(t, dir, nil)
	if got := code(l.use("DescribeKey", deletedKey, nil)); got != "NotFoundException" {
		t.Errorf("got %q", got)
	}
}

func TestCallsMayComeAllAtOnce(t *testing.T) {
	t.Parallel()
	l := open(t, t.TempDir(), nil)
	b := l.sealed(devKey, ec{"a": "b"})
	var all sync.WaitGroup
	for i := range 6 {
		all.Go(func() {
			for range 10 {
				err := firstOf(l.decrypt(b, ec{"a": "b"}), l.use("DescribeKey", mrkKey, nil), only(l.encrypt("alias/sops-mrk", "x", nil)))
				if i == 0 {
					err = firstOf(err, l.use("TagResource", devKey, nil), l.use("UpdateKeyDescription", mrkKey, nil), l.use("RotateKeyOnDemand", l.newKey(), nil))
				}
				if i == 1 {
					l.server.SetFault(devkms.Fault{Key: "alias/absent", Mode: devkms.Drop})
					l.server.Advance(time.Second)
				}
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
}

func TestOneServerPerDirectory(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	l := open(t, dir, nil)
	if _, err := devkms.New(devkms.Options{Dir: dir}); err == nil || !strings.Contains(err.Error(), "in use") {
		t.Errorf("a second server: %v", err)
	}
	l.close()
	open(t, dir, nil)
}

func TestDamagedStateIsRefused(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{"empty": "", "no JSON": "state", "a later version": `{"version":2}`, "an unknown field": `{"version":1,"new":1}`} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "state.json"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := devkms.New(devkms.Options{Dir: dir}); err == nil || !strings.Contains(err.Error(), "state.json") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestTheStateIsPrivate(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "state")
	open(t, dir, nil)
	for name, want := range map[string]os.FileMode{dir: 0o700, filepath.Join(dir, "state.json"): 0o600} {
		info, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Mode().Perm(); got != want {
			t.Errorf("%s has mode %v, want %v", name, got, want)
		}
	}
}

// TestAKillLosesNothingThatWasAnswered kills a server in the middle of its
// work, again and again, and asks its successor for all that it had promised.
func TestAKillLosesNothingThatWasAnswered(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	type made struct {
		arn  string
		blob []byte
	}
	var all []made
	for round := range 4 {
		url, kill := child(t, dir)
		l := &lab{asAt(url, "alice"), t, nil, context.Background()}
		for _, m := range all {
			if err := l.decryptWith(m.arn, m.blob, nil); err != nil {
				t.Fatalf("round %d: %v", round, err)
			}
		}
		deadline := time.Now().Add(150 * time.Millisecond)
		for n := 0; time.Now().Before(deadline) || n < 3; n++ {
			arn := l.newKey()
			l.must(nil, l.use("RotateKeyOnDemand", arn, nil))
			all = append(all, made{arn, l.sealed(arn, nil)})
		}
		go func() {
			for {
				if _, err := l.kms().CreateKey(l.ctx, &kms.CreateKeyInput{}); err != nil {
					return
				}
			}
		}()
		time.Sleep(20 * time.Millisecond)
		kill()
	}
}

// child starts a server in a process of its own.
func child(t *testing.T, dir string) (url string, kill func()) {
	t.Helper()
	c := exec.Command(os.Args[0])
	c.Env = append(os.Environ(), "DEVKMS_TEST_CHILD="+dir)
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil || !strings.HasPrefix(line, "http://") {
		t.Fatalf("the child says %q, %v", line, err)
	}
	killed := false
	kill = func() {
		if killed {
			return
		}
		killed = true
		if err := c.Process.Kill(); err != nil {
			t.Error(err)
		}
		if err := c.Wait(); err == nil {
			t.Error("the child ended by itself")
		}
	}
	t.Cleanup(kill)
	return strings.TrimSpace(line), kill
}
