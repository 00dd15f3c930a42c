//go:build referee

package devkms_test

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"

	"github.com/google/go-cmp/cmp"
)

var (
	refereeURL     = flag.String("referee", "", "address of another KMS to run the conformance table against")
	refereeAccount = flag.String("referee-account", "123456789012", "its account")
	refereeReset   = flag.String("referee-reset", "", "path that makes it forget everything, if it has one")
	refereeEvery   = flag.Int("referee-every", 1, "ask only every n-th row")
	refereeRecord  = flag.String("referee-record", "", "file that must name the differences")
	refereeOut     = flag.String("referee-out", "", "file for the differences")
)

// TestTheRefereesAnswers runs the table against another emulator, and writes
// down where it answers otherwise or checks what is written down already. It
// takes neither side: docs/devkms.md explains the differences. Built with -tags
// referee only, as it needs the other program; .ci/referees starts it.
func TestTheRefereesAnswers(t *testing.T) {
	if *refereeURL == "" {
		t.Fatal("-referee names no other KMS; .ci/referees starts one")
	}
	var differences []string
	asked := 0
	for i, p := range allProbes() {
		if i%*refereeEvery != 0 {
			continue
		}
		asked++
		if got := askReferee(t, p); got != p.want {
			differences = append(differences, record{p.name, orOK(p.want), orOK(got)}.String())
		}
	}
	slices.Sort(differences)
	t.Logf("%d rows asked, %d agree", asked, asked-len(differences))
	if *refereeRecord != "" {
		compareWithRecord(t, differences)
	}
	if *refereeOut != "" {
		if err := os.WriteFile(*refereeOut, []byte(strings.Join(differences, "\n")+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// compareWithRecord fails where the rows that were asked do not differ as they
// are recorded to.
func compareWithRecord(t *testing.T, got []string) {
	t.Helper()
	asked := map[string]bool{}
	for i, p := range allProbes() {
		asked[p.name] = i%*refereeEvery == 0
	}
	var want []string
	for _, r := range readRecords(t, *refereeRecord) {
		if asked[r.name] {
			want = append(want, r.String())
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s is not what the referee answers (-recorded +answered):\n%s", *refereeRecord, diff)
	}
}

// stopped is the panic of a probe that fails at a step it is not about.
type stopped string

// stopper is a testing.TB whose Fatal ends the probe and not the test.
type stopper struct{ testing.TB }

func (stopper) Fatal(args ...any)                 { panic(stopped(fmt.Sprint(args...))) }
func (stopper) Fatalf(format string, args ...any) { panic(stopped(fmt.Sprintf(format, args...))) }

// askReferee returns the code that the referee answers the probe with.
func askReferee(t *testing.T, p probe) (got string) {
	defer func() {
		if r := recover(); r != nil {
			got = "cannot be asked: " + brief(fmt.Sprint(r))
		}
	}()
	c := asAt(*refereeURL, "alice")
	names := &renamer{}
	c.client = &http.Client{Transport: names}
	l := &lab{c, stopper{t}, nil, context.Background()}
	l.build(names)
	got = code(p.run(l))
	if strings.HasPrefix(got, "no answer: ") {
		got = "another answer: " + brief(got)
	}
	return got
}

// brief cuts what the SDK says down to its end, where the reason is.
func brief(text string) string {
	if strings.Contains(text, "StatusCode: 500") {
		return "status 500"
	}
	if at := strings.LastIndex(text, "RequestID: "); at >= 0 {
		_, text, _ = strings.Cut(text[at:], ", ")
	}
	return strings.TrimPrefix(text, "no answer: ")
}

// build makes the keys of the built-in world's first account.
func (l *lab) build(names *renamer) {
	if *refereeReset != "" {
		l.must(http.Post(*refereeURL+*refereeReset, "", nil))
	}
	l.forgetAliases()
	id := func(arn string) string { return arn[strings.LastIndex(arn, "/")+1:] }
	pairs := []string{}
	for _, k := range []struct{ arn, alias, region string }{
		{devKey, "alias/sops-dev", "us-east-1"},
		{devKeyEU, "alias/sops-dev", "eu-west-1"},
		{appKey, "alias/example-app", "us-east-1"},
		{offKey, "alias/sops-disabled", "us-east-1"},
		{deletedKey, "alias/sops-deleted", "us-east-1"},
		{mrkKey, "alias/sops-mrk", "us-east-1"},
	} {
		at := l.region(k.region)
		multi := strings.Contains(k.arn, "mrk-")
		out, err := at.kms().CreateKey(l.ctx, &kms.CreateKeyInput{MultiRegion: &multi})
		l.must(out, err)
		made := *out.KeyMetadata.KeyId
		pairs = append(pairs, id(k.arn), made)
		if only(at.kms().CreateAlias(l.ctx, &kms.CreateAliasInput{AliasName: &k.alias, TargetKeyId: &made})) != nil {
			l.must(at.kms().UpdateAlias(l.ctx, &kms.UpdateAliasInput{AliasName: &k.alias, TargetKeyId: &made}))
		}
		switch k.arn {
		case offKey:
			l.must(at.kms().DisableKey(l.ctx, &kms.DisableKeyInput{KeyId: &made}))
		case deletedKey:
			l.must(at.kms().ScheduleKeyDeletion(l.ctx, &kms.ScheduleKeyDeletionInput{KeyId: &made}))
		case mrkKey:
			if only(at.kms().ReplicateKey(l.ctx, &kms.ReplicateKeyInput{KeyId: &made, ReplicaRegion: ptr("eu-west-1"), Tags: []types.Tag{}})) == nil {
				l.region("eu-west-1").kms().CreateAlias(l.ctx, &kms.CreateAliasInput{AliasName: &k.alias, TargetKeyId: &made})
			}
		}
	}
	var back []string
	for i := 0; i < len(pairs); i += 2 {
		back = append(back, pairs[i+1], pairs[i])
	}
	names.there = strings.NewReplacer(append(pairs, first, *refereeAccount)...)
	names.back = strings.NewReplacer(append(back, *refereeAccount, first)...)
}

// forgetAliases deletes what earlier probes have left where nothing resets.
func (l *lab) forgetAliases() {
	for p := kms.NewListAliasesPaginator(l.kms(), &kms.ListAliasesInput{}); p.HasMorePages(); {
		page, err := p.NextPage(l.ctx)
		l.must(page, err)
		for _, a := range page.Aliases {
			if !strings.HasPrefix(*a.AliasName, "alias/aws/") {
				l.must(l.kms().DeleteAlias(l.ctx, &kms.DeleteAliasInput{AliasName: a.AliasName}))
			}
		}
	}
}

// A renamer translates between the names of the built-in world and those that
// the referee has given.
type renamer struct{ there, back *strings.Replacer }

func (n *renamer) RoundTrip(r *http.Request) (*http.Response, error) {
	if n.there == nil {
		return http.DefaultTransport.RoundTrip(r)
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	text := n.there.Replace(string(body))
	r.Body, r.ContentLength = io.NopCloser(strings.NewReader(text)), int64(len(text))
	resp, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if body, err = io.ReadAll(resp.Body); err != nil {
		return nil, err
	}
	body = []byte(n.back.Replace(string(body)))
	resp.Body, resp.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	resp.Header.Del("X-Amz-Crc32") // it was that of the other body
	resp.Header.Set("Content-Length", fmt.Sprint(len(body)))
	return resp, nil
}
