package laws_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/seed-1f7fdfb8/sops/internal/envelope"
	"github.com/seed-1f7fdfb8/sops/internal/rule"
	"github.com/seed-1f7fdfb8/sops/keeper"
	"github.com/seed-1f7fdfb8/sops/tree"
)

// encryptPlan encrypts a YAML text by a plan with one key in memory.
func encryptPlan(t *testing.T, text string, p envelope.Plan) (*envelope.Decrypted, string) {
	t.Helper()
	p.Groups, p.Random = [][]keeper.MasterKey{{keeper.Undescribed(keeper.Age, "recipient", "r")}}, zeros{}
	o, err := envelope.New(t.Context(), []byte(text), formatFor(t, "x.yaml"), p, memoryKeeper{})
	if err != nil {
		t.Fatal(err)
	}
	out, err := o.Encrypt(encryptOptions())
	if err != nil {
		t.Fatal(err)
	}
	return reopen(t, formatFor(t, "x.yaml"), out, o), string(out)
}

func decryptText(t *testing.T, text string, o *envelope.Decrypted) error {
	t.Helper()
	s, err := envelope.Parse([]byte(text), formatFor(t, "x.yaml"))
	if err != nil {
		return err
	}
	_, err = s.DecryptWith(o.Data, envelope.DecryptOptions{})
	return err
}

func TestASecretCommentStaysSecretWhateverIsEditedAroundIt(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		rule         rule.Rule
		from, to     string
		secret, want string
	}{
		"a map becomes a list":         {rule.Rule{}, "a:\n  # topsecret\n  x: 1\n", "a:\n  # topsecret\n  - 1\n", "topsecret", "a:\n  # topsecret\n  - 1\n"},
		"the reason to be unencrypted": {rule.Rule{UnencryptedCommentRegex: "plain"}, "# alpha plain\n# topsecret\na: 1\n", "# topsecret\na: 1\n", "topsecret", "# topsecret\na: 1\n"},
	} {
		o, _ := encryptPlan(t, tc.from, envelope.Plan{Selection: tc.rule})
		if err := o.Replace([]byte(tc.to)); err != nil {
			t.Fatal(err)
		}
		out := encryptNow(t, o)
		if strings.Contains(string(out), tc.secret) {
			t.Errorf("%s: the comment is unencrypted:\n%s", name, out)
		}
		if back := reopen(t, o.Format(), out, o); string(plainOf(back)) != tc.want {
			t.Errorf("%s: came back as %q", name, plainOf(back))
		}
	}
}

func TestUnsetLeavesNoTokenBehindThatOpensNoMore(t *testing.T) {
	t.Parallel()
	o, _ := encryptPlan(t, "b:\n  c: 1\n  # keepme\nz: 1\n", envelope.Plan{})
	if err := o.Unset(tree.Address{{Key: "b", IsKey: true}}); err != nil {
		t.Fatal(err)
	}
	if back := reopen(t, o.Format(), encryptNow(t, o), o); strings.Contains(string(plainOf(back)), "ENC[") {
		t.Errorf("a token is left:\n%s", plainOf(back))
	}
}

func TestTheSealCoversCommentsThatTheRuleGoesBy(t *testing.T) {
	t.Parallel()
	o, text := encryptPlan(t, "a: 1\n", envelope.Plan{Selection: rule.Rule{UnencryptedCommentRegex: "plain"}})
	if err := decryptText(t, strings.Replace(text, "sops:\n", "# plain\nsops:\n", 1), o); err == nil {
		t.Error("a comment that would leave the next value unencrypted was accepted")
	}
	o, text = encryptPlan(t, "# enc\npw: \"\"\n", envelope.Plan{Selection: rule.Rule{EncryptedCommentRegex: "enc"}})
	if err := decryptText(t, strings.Replace(text, "# enc\n", "", 1), o); err == nil {
		t.Error("a comment that made the next value secret was taken away unnoticed")
	}
}

func TestEmptySecretsAreSealedAlsoWhereTheMACCoversSecretsOnly(t *testing.T) {
	t.Parallel()
	o, text := encryptPlan(t, "a: x\npassword: \"\"\nl_unencrypted: 1\n", envelope.Plan{MACOnlyEncrypted: true})
	for _, by := range []string{"", "password: null\n", "password: {}\n", "password: \"\"\nadmin: \"\"\n"} {
		if err := decryptText(t, strings.Replace(text, "password: \"\"\n", by, 1), o); err == nil {
			t.Errorf("the empty password was replaced by %q unnoticed", by)
		}
	}
	if err := decryptText(t, strings.Replace(text, "l_unencrypted: 1", "l_unencrypted: 2", 1), o); err != nil {
		t.Errorf("a plain value was edited by hand, as mac_only_encrypted allows: %v", err)
	}
}

func TestTheDateInAnotherOffsetIsRenewedWithTheMAC(t *testing.T) {
	t.Parallel()
	o, text := encryptPlan(t, "a: x\n", envelope.Plan{})
	other := strings.Replace(text, `"2024-05-06T07:08:09Z"`, `"2024-05-06T09:08:09+02:00"`, 1)
	s, err := envelope.Parse([]byte(other), o.Format())
	if err != nil {
		t.Fatal(err)
	}
	back, err := s.DecryptWith(o.Data, envelope.DecryptOptions{IgnoreMAC: true})
	if err != nil {
		t.Fatal(err)
	}
	out, err := back.Encrypt(encryptOptions())
	if err != nil {
		t.Fatal(err)
	}
	if err := decryptText(t, string(out), o); err != nil {
		t.Errorf("we wrote what we cannot open: %v", err)
	}
}

func TestEqualElementsNeverShareATokenBySet(t *testing.T) {
	t.Parallel()
	o, _ := encryptPlan(t, "l: [30, 0x1F]\n", envelope.Plan{})
	if err := o.Set(tree.Address{{Key: "l", IsKey: true}, {Index: 0}}, tree.NewScalar(tree.IntValue(31))); err != nil {
		t.Fatal(err)
	}
	back := reopen(t, o.Format(), encryptNow(t, o), o)
	if got := string(plainOf(back)); got != "l: [31, 0x1F]\n" {
		t.Errorf("got %q", got)
	}
}

func TestAChangeThatTheFormatCannotHoldLeavesTheContentAlone(t *testing.T) {
	t.Parallel()
	f := formatFor(t, "x.env")
	o, _ := encryptNew(t, f, []byte("A=1\n"))
	at := tree.Address{{Key: "A", IsKey: true}}
	if err := o.Set(at, tree.Text(`back\nslash`)); err == nil {
		t.Error("a text with the two characters \\n would come back as a line break")
	}
	if string(plainOf(o)) != "A=1\n" {
		t.Errorf("the refused change is there: %q", plainOf(o))
	}
	if err := o.Set(at, tree.NewScalar(tree.FloatValue(2))); err != nil {
		t.Errorf("a whole float: %v", err)
	}
}

func TestAKeyThatComesTwiceIsNotChangedByGuess(t *testing.T) {
	t.Parallel()
	o, _ := encryptNew(t, formatFor(t, "x.json"), []byte(`{"a": 1, "a": 2}`))
	at := tree.Address{{Key: "a", IsKey: true}}
	var refused *envelope.Failure
	if err := o.Set(at, tree.Text("x")); !errors.As(err, &refused) {
		t.Errorf("set: %v", err)
	}
	if err := o.Unset(at); !errors.As(err, &refused) {
		t.Errorf("unset: %v", err)
	}
}

func TestFieldsThatDifferInCaseOnlyAreRefused(t *testing.T) {
	t.Parallel()
	o, text := encryptPlan(t, "a: x\n", envelope.Plan{})
	forged := strings.Replace(text, "          recipient: r\n", "          Recipient: r\n          recipient: evil\n", 1)
	if forged == text {
		t.Fatalf("no recipient in\n%s", text)
	}
	if err := decryptText(t, forged, o); err == nil {
		t.Error("two recipients in one entry were accepted")
	}
}
