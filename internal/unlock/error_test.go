package unlock

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-1f7fdfb8/sops/keeper"
)

func TestTheTreeOfOneGroup(t *testing.T) {
	t.Parallel()
	e := &Error{Required: 1, Groups: []GroupReport{{Keys: []KeyReport{
		{"age1abc", errors.New("none of the 3 identities that were found in the usual places can open it, nor those of the agent")},
		{"arn:aws:kms:eu-west-1:1:key/k+arn:aws:iam::1:role/r", errors.Join(errors.New("local: access denied"), errors.New("tcp://kms:5000: connection refused"))},
	}}}}
	want := `Failed to get the data key that this file is encrypted with.

Group 0: FAILED
  age1abc: FAILED
    - | none of the 3 identities that were found in the usual places
      | can open it, nor those of the agent
  
  arn:aws:kms:eu-west-1:1:key/k+arn:aws:iam::1:role/r: FAILED
    - | local: access denied
    
    - | tcp://kms:5000: connection refused

Recovery failed because no master key was able to give the data key. One of
the keys above has to work before the file can be read.`
	if diff := cmp.Diff(want, e.UserError()); diff != "" {
		t.Errorf("tree (-want +got):\n%s", diff)
	}
	if want := "Failed to get the data key: 1 successful groups required, got 0"; e.Error() != want {
		t.Errorf("Error() = %q, want %q", e.Error(), want)
	}
}

func TestTheTreeOfSeveralGroups(t *testing.T) {
	t.Parallel()
	groups := wrapped(t, dataKey(1), 2, "a", "b fail", "c fail")
	_, err := DataKey(t.Context(), &fake{}, groups, 2, Options{})
	var e *Error
	if !errors.As(err, &e) {
		t.Fatalf("error %v, want an *Error", err)
	}
	want := `Failed to get the data key that this file is encrypted with.

Group 0: SUCCESS

Group 1: FAILED
  b: FAILED
    - | access denied to b

Group 2: FAILED
  c: FAILED
    - | access denied to c

Recovery failed because the file's Shamir threshold asks for 2 groups, and
only 1 gave their part of the data key. A group gives its part when any one
of its keys can be used.`
	if diff := cmp.Diff(want, e.UserError()); diff != "" {
		t.Errorf("tree (-want +got):\n%s", diff)
	}
	if want := "Failed to get the data key: 2 successful groups required, got 1"; e.Error() != want {
		t.Errorf("Error() = %q, want %q", e.Error(), want)
	}
	if diff := cmp.Diff([]string{"ask the owner"}, e.Hints()); diff != "" {
		t.Errorf("hints (-want +got):\n%s", diff)
	}
}

func TestHintsAreFoundInsideOfErrors(t *testing.T) {
	t.Parallel()
	inner := errors.Join(errors.New("plain"), fmt.Errorf("outer: %w", &advice{"a", "do a"}), &advice{"b", "do b"}, &advice{"c", "do a"})
	got := hints([]error{inner, &advice{"d", "do b"}})
	if diff := cmp.Diff([]string{"do a", "do b"}, got); diff != "" {
		t.Errorf("hints (-want +got):\n%s", diff)
	}
}

func TestLinesAreBrokenBetweenWords(t *testing.T) {
	t.Parallel()
	tests := []struct {
		text  string
		width int
		want  []string
	}{
		{"one two three", 7, []string{"one two", "three"}},
		{"one two three", 6, []string{"one", "two", "three"}},
		{"averylongword b", 4, []string{"averylongword", "b"}},
		{"äöü ß", 5, []string{"äöü ß"}},
		{"a\nb  c\n", 9, []string{"a", "b c"}},
		{"", 9, []string{""}},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(tt.want, wrap(tt.text, tt.width)); diff != "" {
			t.Errorf("wrap(%q, %d) (-want +got):\n%s", tt.text, tt.width, diff)
		}
	}
}

func TestErrorsNeverShowSecrets(t *testing.T) {
	t.Parallel()
	short := keeper.NewData([]byte("canary-canary-canary"))
	_, err := DataKey(t.Context(), &fake{}, one(short, named(keeper.Age, "a")), 0, Options{})
	var e *Error
	if !errors.As(err, &e) {
		t.Fatalf("error %v, want an *Error", err)
	}
	for _, text := range []string{e.Error(), e.UserError(), fmt.Sprintf("%+v %#v", e, e)} {
		if strings.Contains(text, "canary") || strings.Contains(text, "63616e617279") {
			t.Errorf("the secret is in %q", text)
		}
	}
}

func TestOrdersAreReadLeniently(t *testing.T) {
	t.Parallel()
	tests := []struct {
		list string
		want []string
	}{
		{"", []string{"age", "pgp"}},
		{"  ", []string{"age", "pgp"}},
		{"kms", []string{"kms"}},
		{" kms , age,", []string{"kms", "age"}},
		{"hc_vault,azure_kv,hckms,gcp_kms,pgp", []string{"hc_vault", "azure_kv", "hckms", "gcp_kms", "pgp"}},
	}
	for _, tt := range tests {
		got, err := ParseOrder(tt.list)
		if err != nil {
			t.Errorf("ParseOrder(%q): %v", tt.list, err)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("ParseOrder(%q) (-want +got):\n%s", tt.list, diff)
		}
	}
}

func TestBadOrdersAreExplained(t *testing.T) {
	t.Parallel()
	tests := []struct {
		list      string
		duplicate bool
		hint      string
	}{
		{"age, kms ,age", true, `name "age" once`},
		{"aws", false, `did you mean "kms"?`},
		{"GPG", false, `did you mean "pgp"?`},
		{"gcp", false, `did you mean "gcp_kms"?`},
		{"vault", false, `did you mean "hc_vault"?`},
		{"azure-kv", false, `did you mean "azure_kv"?`},
		{"kmss", false, `did you mean "kms"?`},
		{"KMS", false, `did you mean "kms"?`},
		{"nonsense", false, "the kinds are kms, gcp_kms, hckms, azure_kv, hc_vault, pgp, age"},
	}
	for _, tt := range tests {
		_, err := ParseOrder(tt.list)
		var e *OrderError
		if !errors.As(err, &e) {
			t.Errorf("ParseOrder(%q) = %v, want an *OrderError", tt.list, err)
			continue
		}
		if e.Duplicate != tt.duplicate || e.Hints()[0] != tt.hint {
			t.Errorf("ParseOrder(%q): duplicate %v, hints %q; want %v, %q", tt.list, e.Duplicate, e.Hints(), tt.duplicate, tt.hint)
		}
	}
}
