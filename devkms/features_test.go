package devkms_test

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/seed-1f7fdfb8/sops/devkms"
)

// features is a lab in the world of testdata/features.yaml, for a user of it.
func features(t *testing.T, user string) *lab {
	t.Helper()
	src, err := os.ReadFile("testdata/features.yaml")
	if err != nil {
		t.Fatal(err)
	}
	w, err := devkms.ParseWorld("features.yaml", src)
	if err != nil {
		t.Fatal(err)
	}
	s := devkms.Start(t, w)
	id := "AKIADEV" + strings.ToUpper((user + "000000")[:5]) + "0EXAMPLE"
	c := asAt(s.URL(), user)
	c.creds.AccessKeyID = id
	return &lab{c, t, s, context.Background()}
}

const threes = "arn:aws:iam::333333333333:"

func TestBoundariesBindWhereAWSSaysTheyDo(t *testing.T) {
	t.Parallel()
	const noBoundary = "because no permissions boundary allows the kms:Encrypt action"
	for user, want := range map[string]string{"admin": "", "bounded": noBoundary, "named": ""} {
		key := map[bool]string{true: "alias/named", false: "alias/plain"}[user == "named"]
		if _, err := features(t, user).encrypt(key, "x", nil); (err == nil) != (want == "") || !strings.Contains(text(err), want) {
			t.Errorf("%s: got %v, want %q", user, err, want)
		}
	}
	_, err := features(t, "admin").role(threes+"role/bounded-role").encrypt("alias/named", "x", nil)
	if !strings.Contains(text(err), noBoundary) {
		t.Errorf("a role that the key policy names: got %v, want %q", err, noBoundary)
	}
}

func TestCallsSeemToComeFromTheWorldsOrigin(t *testing.T) {
	t.Parallel()
	for _, user := range []string{"service", "office"} {
		if _, err := features(t, user).encrypt("alias/plain", "x", nil); err != nil {
			t.Errorf("%s: %v", user, err)
		}
	}
}

func TestTheRootUserMayUseKeysButNotAssumeRoles(t *testing.T) {
	t.Parallel()
	l := features(t, "root")
	l.creds.AccessKeyID = "AKIADEVROOT00EXAMPLE"
	if _, err := l.encrypt("alias/plain", "x", nil); err != nil {
		t.Error(err)
	}
	out, err := l.sts().GetCallerIdentity(l.ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		t.Fatal(err)
	}
	if *out.Arn != threes+"root" {
		t.Errorf("the root user is %s", *out.Arn)
	}
	_, err = l.sts().AssumeRole(l.ctx, &sts.AssumeRoleInput{RoleArn: ptr(threes + "role/deploy/tagged"), RoleSessionName: ptr("test")})
	if code(err) != "AccessDenied" || text(err) != "Roles may not be assumed by root accounts." {
		t.Errorf("got %v", err)
	}
}

func TestSessionTagsReplaceTheRolesTags(t *testing.T) {
	t.Parallel()
	l := features(t, "admin")
	role := threes + "role/deploy/tagged"
	plain, green := l.is(l.assume(t, role)), l.is(l.assume(t, role, sessionTags("team", "green")))
	for _, c := range []struct {
		who  *lab
		team string
		want string
	}{
		{plain, "red", ""}, {plain, "green", "AccessDeniedException"}, {green, "green", ""}, {green, "red", "AccessDeniedException"},
	} {
		if _, err := c.who.encrypt("alias/plain", "x", ec{"Team": c.team}); code(err) != c.want {
			t.Errorf("team %s: got %v, want %q", c.team, err, c.want)
		}
	}
}

func TestTransitiveTagsAndSourceIdentityFollowTheChain(t *testing.T) {
	t.Parallel()
	l := features(t, "admin")
	first := func(transitive bool) *lab {
		return l.is(l.assume(t, threes+"role/deploy/tagged", sessionTags("team", "green"), func(in *sts.AssumeRoleInput) {
			in.SourceIdentity = ptr("me")
			if transitive {
				in.TransitiveTagKeys = []string{"team"}
			}
		}))
	}
	for transitive, want := range map[bool]string{true: "", false: "AccessDeniedException"} {
		if _, err := first(transitive).role(threes+"role/next").encrypt("alias/plain", "x", nil); code(err) != want {
			t.Errorf("transitive %v: got %v, want %q", transitive, err, want)
		}
	}
}

func TestASessionsARNLeavesOutThePath(t *testing.T) {
	t.Parallel()
	l := features(t, "admin").role(threes + "role/deploy/tagged")
	out, err := l.sts().GetCallerIdentity(l.ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		t.Fatal(err)
	}
	if want := "arn:aws:sts::333333333333:assumed-role/tagged/test"; *out.Arn != want {
		t.Errorf("got %s, want %s", *out.Arn, want)
	}
}

func TestARolesLongestSessionIsItsOwn(t *testing.T) {
	t.Parallel()
	l := features(t, "admin")
	p := l.is(l.assume(t, threes+"role/deploy/tagged", lasting(43200)))
	if _, err := p.later(11*time.Hour).encrypt("alias/plain", "x", ec{"Team": "red"}); err != nil {
		t.Error(err)
	}
	if _, err := p.later(2*time.Hour).encrypt("alias/plain", "x", ec{"Team": "red"}); code(err) != "ExpiredTokenException" {
		t.Errorf("got %v", err)
	}
}

func TestTooManyTagsAreTooLarge(t *testing.T) {
	t.Parallel()
	l := features(t, "admin")
	var list []string
	for i := range 40 {
		list = append(list, strings.Repeat(string(rune('a'+i%26)), 20+i), strings.Repeat("v", 256))
	}
	in := &sts.AssumeRoleInput{RoleArn: ptr(threes + "role/deploy/tagged"), RoleSessionName: ptr("test")}
	sessionTags(list...)(in)
	if _, err := l.sts().AssumeRole(l.ctx, in); code(err) != "PackedPolicyTooLarge" {
		t.Errorf("got %v", err)
	}
}

func TestUnusableStatesOfTheWorldAreWorded(t *testing.T) {
	t.Parallel()
	l := features(t, "admin")
	for alias, want := range map[string]string{"alias/importing": "is pending import.", "alias/lost": "is unavailable.", "alias/early": "is creating."} {
		if _, err := l.encrypt(alias, "x", nil); code(err) != "KMSInvalidStateException" || !strings.HasSuffix(text(err), want) {
			t.Errorf("%s: got %v, want %q", alias, err, want)
		}
	}
}

// TestAnIssuerMayHaveAKeyOfItsOwn signs a token as a foreign issuer does.
func TestAnIssuerMayHaveAKeyOfItsOwn(t *testing.T) {
	t.Parallel()
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(&private.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	w := devkms.BuiltinWorld()
	w.Accounts[0].Issuers[0].PublicKey = string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
	for i := range w.Accounts[0].Roles {
		w.Accounts[0].Roles[i].Profile.Issuer = ""
	}
	s := devkms.Start(t, w)
	if _, err := s.WebIdentityToken(ciIssuer, ciSubject, ciAud, time.Hour); err == nil {
		t.Error("devkms makes a token that it cannot have signed")
	}
	l := &lab{as(s, "bob"), t, s, context.Background()}
	for alg, want := range map[string]string{"RS256": "", "none": "InvalidIdentityToken", "ES256": "InvalidIdentityToken"} {
		if _, err := l.bearer(ciRole, foreignToken(t, private, alg)); code(err) != want {
			t.Errorf("%s: got %v, want %q", alg, err, want)
		}
	}
}

func foreignToken(t *testing.T, private *rsa.PrivateKey, alg string) string {
	t.Helper()
	part := func(v any) string {
		b, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return base64.RawURLEncoding.EncodeToString(b)
	}
	head := part(map[string]string{"alg": alg}) + "." + part(map[string]any{
		"iss": ciIssuer, "sub": ciSubject, "aud": []string{"other", ciAud}, "exp": time.Now().Add(time.Hour).Unix(), "iat": time.Now().Unix(),
	})
	sum := sha256.Sum256([]byte(head))
	signature, err := rsa.SignPKCS1v15(rand.Reader, private, crypto.SHA256, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	return head + "." + base64.RawURLEncoding.EncodeToString(signature)
}
