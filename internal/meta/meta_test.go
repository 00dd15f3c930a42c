package meta

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-1f7fdfb8/sops/keeper"
	"github.com/seed-1f7fdfb8/sops/tree"
)

// mk builds a map of name, value pairs.
func mk(pairs ...any) *tree.Map {
	m := &tree.Map{}
	for i := 0; i < len(pairs); i += 2 {
		m.Items = append(m.Items, tree.Item{Key: pairs[i].(string), Value: val(pairs[i+1])})
	}
	return m
}

func val(v any) tree.Node {
	switch v := v.(type) {
	case nil:
		return tree.NewScalar(tree.Value{})
	case string:
		return tree.Text(v)
	case int:
		return tree.NewScalar(tree.IntValue(int64(v)))
	case bool:
		return tree.NewScalar(tree.BoolValue(v))
	case float64:
		return tree.NewScalar(tree.FloatValue(v))
	case []any:
		l := &tree.List{}
		for _, e := range v {
			l.Items = append(l.Items, val(e))
		}
		return l
	case tree.Node:
		return v
	}
	panic("meta_test: unknown value")
}

func list(v ...any) []any { return v }

// show renders a tree for comparison.
func show(n tree.Node) string {
	var b strings.Builder
	write(&b, n)
	return b.String()
}

func write(b *strings.Builder, n tree.Node) {
	switch n := n.(type) {
	case *tree.Map:
		b.WriteString("{")
		for _, it := range n.Items {
			b.WriteString(it.Key + ":")
			write(b, it.Value)
			b.WriteString(" ")
		}
		b.WriteString("}")
	case *tree.List:
		b.WriteString("[")
		for _, it := range n.Items {
			write(b, it)
			b.WriteString(" ")
		}
		b.WriteString("]")
	case *tree.Scalar:
		b.WriteString(n.Value.Type() + "=" + n.Value.Canonical())
	}
}

const when = "2024-05-06T07:08:09Z"

func basic(more ...any) *tree.Map {
	return mk(append([]any{
		"age", list(mk("enc", "E\n", "recipient", "age1x")),
		"lastmodified", when, "mac", "ENC[...]", "version", "3.13.3",
	}, more...)...)
}

func decode(t *testing.T, n tree.Node) *Metadata {
	t.Helper()
	m, err := Decode(n)
	if err != nil {
		t.Fatalf("Decode(%s): %v", show(n), err)
	}
	return m
}

func TestWhatIsReadIsWrittenBackUnchanged(t *testing.T) {
	for name, n := range map[string]*tree.Map{
		"basic":                basic(),
		"unknown fields":       basic("later", mk("x", list(1, true)), "unencrypted_suffix", "_u"),
		"unknown kind":         basic("moon_kms", list(mk("enc", "M", "crater", "c", "deep", mk("a", 1)))),
		"old order, null list": mk("shamir_threshold", 2, "kms", nil, "pgp", list(), "lastmodified", when, "mac", "m", "age", list(mk("recipient", "age1x", "enc", "E")), "version", "3.7.3"),
		"kms with everything": mk("kms", list(mk("arn", "arn:aws:kms:eu-west-1:1:key/a", "aws_profile", "", "context", mk("b", "1", "a", "2"),
			"created_at", when, "enc", "K", "role", "r", "note", "mine")), "lastmodified", when, "mac", "m", "version", "3.13.3"),
		"groups": mk("key_groups", list(mk("age", list(mk("enc", "E", "recipient", "age1x")), "hc_vault", list()), mk("hc_vault", list(), "age", list(mk("enc", "F", "recipient", "age1y")))),
			"lastmodified", when, "mac", "m", "shamir_threshold", 2, "version", "3.13.3"),
		"texts for numbers":  basic("shamir_threshold", "2", "mac_only_encrypted", "true"),
		"empty rule strings": basic("encrypted_regex", "", "unencrypted_suffix", ""),
		"offset":             mk("age", list(mk("enc", "E", "recipient", "r")), "lastmodified", "2024-05-06T07:08:09+02:00", "mac", "m", "version", "3"),
	} {
		if got, want := show(decode(t, n).Encode()), show(n); got != want {
			t.Errorf("%s:\n got %s\nwant %s", name, got, want)
		}
	}
}

func TestLenientTypes(t *testing.T) {
	m := decode(t, basic("shamir_threshold", "2.000000", "mac_only_encrypted", "T"))
	if m.Threshold != 2 || !m.MACOnlyEncrypted {
		t.Errorf("threshold %d, mac only %t; want 2, true", m.Threshold, m.MACOnlyEncrypted)
	}
	m = decode(t, mk("Age", mk("enc", "E", "recipient", "age1x"), "LastModified", when, "mac", "m"))
	if len(m.Groups) != 1 || m.Groups[0][0].Text("recipient") != "age1x" {
		t.Errorf("a lone map under a name in another case: %+v", m.Groups)
	}
	m = decode(t, mk("kms", list(mk("arn", "a", "enc", "E", "context", mk("n", 12, "t", true))), "lastmodified", when))
	want := map[string]string{"n": "12", "t": "1"}
	if diff := cmp.Diff(want, m.Groups[0][0].Map("context")); diff != "" {
		t.Errorf("context (-want +got):\n%s", diff)
	}
}

func TestBadMetadataIsRefusedWithoutPanic(t *testing.T) {
	for _, tc := range []struct {
		name string
		n    tree.Node
		want string
	}{
		{"nothing", nil, "metadata not found"},
		{"a text", tree.Text("x"), "not a mapping"},
		{"no keys", mk("lastmodified", when, "mac", "m"), "No keys found"},
		{"no time", mk("age", list(mk("enc", "E")), "mac", "m"), "lastmodified"},
		{"two rules", basic("encrypted_regex", "a", "encrypted_suffix", "b"), "more than one selection rule"},
		{"a list of texts", mk("age", list("age1x"), "lastmodified", when), "not a mapping"},
		{"context as text", mk("kms", list(mk("arn", "a", "enc", "E", "context", "x")), "lastmodified", when), "context"},
		{"context with null", mk("kms", list(mk("arn", "a", "enc", "E", "context", mk("x", nil))), "lastmodified", when), "context"},
		{"threshold", basic("shamir_threshold", "two"), "shamir_threshold"},
		{"boolean", basic("mac_only_encrypted", "yes"), "mac_only_encrypted"},
	} {
		_, err := Decode(tc.n)
		if err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: got %v, want an error with %q", tc.name, err, tc.want)
		}
	}
}

func TestNewKeysComeInTheOrderOfReaders(t *testing.T) {
	m := decode(t, basic())
	groups := m.Keys()
	at, _ := time.Parse(time.RFC3339, when)
	groups[0] = append(groups[0], keeper.WrappedKey{
		MasterKey: keeper.Undescribed(keeper.KMS, "arn", "a", "role", "r").With("context", map[string]string{"b": "1", "a": "2"}),
		Enc:       "K", Created: at,
	})
	m.SetKeys(groups)
	want := show(mk(
		"age", list(mk("enc", "E\n", "recipient", "age1x")),
		"kms", list(mk("arn", "a", "aws_profile", "", "context", mk("a", "2", "b", "1"), "created_at", when, "enc", "K", "role", "r")),
		"lastmodified", when, "mac", "ENC[...]", "version", "3.13.3"))
	if got := show(m.Encode()); got != want {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
}

func TestSeveralGroupsStandUnderKeyGroups(t *testing.T) {
	m := decode(t, basic())
	e := func(r string) keeper.WrappedKey {
		return keeper.WrappedKey{MasterKey: keeper.Undescribed(keeper.Age, "recipient", r), Enc: "E"}
	}
	m.SetKeys([]keeper.Group{{e("age1x")}, {e("age1y")}})
	m.Threshold = 2
	want := show(mk(
		"key_groups", list(
			mk("age", list(mk("enc", "E", "recipient", "age1x")), "hc_vault", list()),
			mk("age", list(mk("enc", "E", "recipient", "age1y")), "hc_vault", list())),
		"lastmodified", when, "mac", "ENC[...]", "shamir_threshold", 2, "version", "3.13.3"))
	if got := show(m.Encode()); got != want {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
}

func TestTheMACIsBoundToWholeSeconds(t *testing.T) {
	for stored, want := range map[string]string{
		"2024-05-06T07:08:09Z":      "2024-05-06T07:08:09Z",
		"2024-05-06T07:08:09+00:00": "2024-05-06T07:08:09Z",
		"2024-05-06T07:08:09+02:00": "2024-05-06T07:08:09+02:00",
		"2024-05-06T07:08:09.999Z":  "2024-05-06T07:08:09Z",
	} {
		m := decode(t, mk("age", list(mk("enc", "E")), "lastmodified", stored))
		if got := m.MACData(); got != want {
			t.Errorf("%s: got %s, want %s", stored, got, want)
		}
	}
}
