package devkms_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/kms"

	"github.com/seed-1f7fdfb8/sops/devkms"
)

// startAt serves a world whose second does not end.
func startAt(t *testing.T, w *devkms.World) *devkms.Server {
	t.Helper()
	now := time.Now()
	s, err := devkms.New(devkms.Options{World: w, Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Listen(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func TestQuotasCountTheRequestsOfAnAccountInARegion(t *testing.T) {
	t.Parallel()
	s := startAt(t, worldOf(t, func(w *devkms.World) { w.Quotas = map[string]int{"cryptographic": 3, "DescribeKey": 1} }))
	l := &lab{as(s, "alice"), t, s, t.Context()}
	encrypt := func(c caller, key string) string {
		_, err := c.kms().Encrypt(l.ctx, &kms.EncryptInput{KeyId: &key, Plaintext: []byte("x")})
		return code(err)
	}
	for i, want := range []string{"", "", "", "ThrottlingException"} {
		if got := encrypt(l.caller, devKey); got != want {
			t.Errorf("call %d: %s, want %s", i+1, got, want)
		}
	}
	if got := encrypt(l.in("eu-west-1"), devKeyEU); got != "" {
		t.Errorf("another region: %s", got)
	}
	// The account of the caller is charged, not that of the key.
	if got := encrypt(as(s, "dave"), sharedKey); got != "" {
		t.Errorf("another account: %s", got)
	}
	for i, want := range []string{"", "ThrottlingException"} {
		if got := code(l.caller.describe(time.Minute)); got != want {
			t.Errorf("description %d: %s, want %s", i+1, got, want)
		}
	}
}

func TestChangesSettle(t *testing.T) {
	t.Parallel()
	s := devkms.Start(t, worldOf(t, func(w *devkms.World) { w.Settling = time.Minute }))
	l := &lab{as(s, "alice"), t, s, t.Context()}
	b := l.sealed("alias/sops-dev", nil)
	policy := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":["` + arnAlice + `","` + arnBob + `"]},"Action":"kms:*","Resource":"*"}]}`
	_, err := l.kms().PutKeyPolicy(l.ctx, &kms.PutKeyPolicyInput{KeyId: ptr(devKey), Policy: &policy})
	l.must(nil, err)
	_, err = l.kms().UpdateAlias(l.ctx, &kms.UpdateAliasInput{AliasName: ptr("alias/sops-dev"), TargetKeyId: ptr(appKey)})
	l.must(nil, err)
	target := func() string {
		out, err := l.kms().DescribeKey(l.ctx, &kms.DescribeKeyInput{KeyId: ptr("alias/sops-dev")})
		l.must(nil, err)
		return *out.KeyMetadata.Arn
	}
	if got := code(l.user("bob").decrypt(b, nil)); got != "AccessDeniedException" {
		t.Errorf("the new policy is known at once: %s", got)
	}
	if got := target(); got != devKey {
		t.Errorf("the new target is known at once: %s", got)
	}
	s.Advance(2 * time.Minute)
	if got := code(l.user("bob").decrypt(b, nil)); got != "" {
		t.Errorf("the new policy is not known: %s", got)
	}
	if got := target(); got != appKey {
		t.Errorf("the new target is not known: %s", got)
	}
}
