package rule

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-1f7fdfb8/sops/tree"
)

// m builds a map: "# text" keys are comments, other keys take the next value.
func m(items ...any) *tree.Map {
	out := &tree.Map{}
	for i := 0; i < len(items); i++ {
		key := items[i].(string)
		if text, ok := strings.CutPrefix(key, "#"); ok {
			out.Items = append(out.Items, tree.Item{Value: &tree.Comment{Text: text, Ref: tree.NoRef}})
			continue
		}
		i++
		out.Items = append(out.Items, tree.Item{Key: key, Value: node(items[i])})
	}
	return out
}

func node(v any) tree.Node {
	switch v := v.(type) {
	case nil:
		return tree.NewScalar(tree.Value{})
	case string:
		if text, ok := strings.CutPrefix(v, "#"); ok {
			return &tree.Comment{Text: text, Ref: tree.NoRef}
		}
		return tree.Text(v)
	case tree.Node:
		return v
	}
	panic("rule_test: unknown node")
}

func l(items ...any) *tree.List {
	out := &tree.List{}
	for _, it := range items {
		out.Items = append(out.Items, node(it))
	}
	return out
}

// secrets lists what the rule encrypts: AAD=value, AAD#comment.
func secrets(t *testing.T, r Rule, doc *tree.Map) []string {
	t.Helper()
	s, err := r.Compile()
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for leaf := range s.Leaves([]*tree.Map{doc}) {
		switch {
		case !leaf.Secret:
		case leaf.Comment != nil:
			out = append(out, string(leaf.AAD)+"#"+leaf.Comment.Text)
		default:
			out = append(out, string(leaf.AAD)+"="+leaf.Scalar.Value.Str())
		}
	}
	return out
}

func TestRulesChooseLeaves(t *testing.T) {
	keys := m("secret", "a", "nested", m("secret", "b", "pub", "c", "child_enc", m("deep", "d", "list", l("e"))))
	for _, tc := range []struct {
		name string
		rule Rule
		doc  *tree.Map
		want []string
	}{
		{
			"none is the default suffix",
			Rule{},
			m("a", "1", "b_unencrypted", m("c", "2"), "#x", "d", l("3")),
			[]string{"a:=1", ":#x", "d:=3"},
		},
		{
			"a match covers the subtree",
			Rule{EncryptedRegex: "^(secret|child)"},
			keys,
			[]string{"secret:=a", "nested:secret:=b", "nested:child_enc:deep:=d", "nested:child_enc:list:=e"},
		},
		{"unencrypted regex", Rule{UnencryptedRegex: "^nested$"}, keys, []string{"secret:=a"}},
		{
			"encrypted suffix",
			Rule{EncryptedSuffix: "_enc"},
			keys,
			[]string{"nested:child_enc:deep:=d", "nested:child_enc:list:=e"},
		},
		{"flags of the expression", Rule{EncryptedRegex: "(?i)^SECRET$"}, keys, []string{"secret:=a", "nested:secret:=b"}},
		{
			"a comment is judged by its container",
			Rule{EncryptedRegex: "^secret$"},
			m("#above", "secret", m("#inside", "k", "v")),
			[]string{"secret:#inside", "secret:k:=v"},
		},
		{
			"a comment governs the next item and all below it",
			Rule{EncryptedCommentRegex: "sops:enc"},
			m("#sops:enc", "a", m("b", "1"), "c", "2"),
			[]string{"a:b:=1"},
		},
		{"null ends the run", Rule{EncryptedCommentRegex: "sops:enc"}, m("#sops:enc", "a", nil, "c", "2"), []string{"a:="}},
		{
			"later comments of the run are encrypted",
			Rule{EncryptedCommentRegex: "enc"},
			m("#before", "#enc", "#after", "a", "1"),
			[]string{":#after", "a:=1"},
		},
		{
			"the mirror image",
			Rule{UnencryptedCommentRegex: "plain"},
			m("#before", "#plain", "#after", "a", "1", "b", "2"),
			[]string{":#before", "b:=2"},
		},
		{
			"in lists",
			Rule{EncryptedCommentRegex: "enc"},
			m("l", l("#enc", "#note", "a", "b")),
			[]string{"l:#note", "l:=a"},
		},
		{
			"an encrypted comment in a list does not end the run",
			Rule{EncryptedCommentRegex: "enc"},
			m("l", l("#enc", "ENC[x,type:comment]", "a", "b")),
			[]string{"l:=ENC[x,type:comment]", "l:=a"},
		},
	} {
		if diff := cmp.Diff(tc.want, secrets(t, tc.rule, tc.doc)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tc.name, diff)
		}
	}
}

func TestAADsAreThePathsOfTheWireFormat(t *testing.T) {
	s, err := Rule{}.Compile()
	if err != nil {
		t.Fatal(err)
	}
	doc := m("#top", "k", "1", "a", m("#in", "b", m("c", "2")), "l", l("3", l("4"), m("k", "5"), "#c"), "", m("", "6", "k", "7"), "a:b", "8")
	var got []string
	for leaf := range s.Leaves([]*tree.Map{doc}) {
		got = append(got, string(leaf.AAD))
	}
	want := []string{":", "k:", "a:", "a:b:c:", "l:", "l:", "l:k:", "l:", "::", ":k:", "a:b:"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestTwoRulesAreRefused(t *testing.T) {
	_, err := Rule{UnencryptedSuffix: "_x", EncryptedRegex: "y"}.Compile()
	if !errors.Is(err, ErrConflict) || !strings.Contains(err.Error(), "unencrypted_suffix and encrypted_regex") {
		t.Errorf("got %v, want a conflict that names both", err)
	}
}

func TestAnInvalidExpressionIsRefusedButReadAsMatchingNothing(t *testing.T) {
	for _, r := range []Rule{{EncryptedRegex: "("}, {UnencryptedCommentRegex: "("}} {
		if _, err := r.Compile(); err == nil {
			t.Errorf("%+v was taken for writing", r)
		}
		s, err := r.CompileStored()
		if err != nil {
			t.Errorf("%+v: reading: %v", r, err)
			continue
		}
		for leaf := range s.Leaves([]*tree.Map{m("(", "x")}) {
			if leaf.Secret != (r.EncryptedRegex == "") {
				t.Errorf("%+v: secret = %t", r, leaf.Secret)
			}
		}
	}
}

func FuzzEveryRuleCompilesForReading(f *testing.F) {
	f.Add("(", "key")
	f.Fuzz(func(t *testing.T, expression, key string) {
		s, err := Rule{EncryptedRegex: expression}.CompileStored()
		if err != nil {
			t.Fatal(err)
		}
		doc := &tree.Map{Items: []tree.Item{{Key: key, Value: tree.Text("v")}}}
		for range s.Leaves([]*tree.Map{doc}) {
			return
		}
		t.Error("the leaf was lost")
	})
}
