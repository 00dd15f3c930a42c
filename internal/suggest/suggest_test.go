package suggest

import "testing"

func TestClosestForgivesASlip(t *testing.T) {
	t.Parallel()
	known := []string{"kms", "pgp", "age", "encrypted_regex", "unencrypted_regex", "encrypted_suffix", "path_regex", "context"}
	for word, want := range map[string]string{
		"encryptd_regex":    "encrypted_regex",
		"encrypted_regexp":  "encrypted_regex",
		"unencryptd_regex":  "unencrypted_regex",
		"Path_Regex":        "path_regex",
		"path-regex":        "path_regex",
		"contxt":            "context",
		"kmss":              "kms",
		"pg":                "pgp",
		"aeg":               "age",
		"kms":               "kms",
		"":                  "",
		"k":                 "",
		"foo":               "",
		"defaults":          "",
		"shamir_threshold":  "",
		"наименование_поля": "",
	} {
		if got := Closest(word, known); got != want {
			t.Errorf("Closest(%q) = %q, want %q", word, got, want)
		}
	}
}

func TestTheFirstOfEquallyCloseWordsIsTaken(t *testing.T) {
	t.Parallel()
	if got := Closest("bat", []string{"cat", "rat"}); got != "cat" {
		t.Errorf("got %q, want the first", got)
	}
	if got := Closest("bat", nil); got != "" {
		t.Errorf("got %q from an empty list", got)
	}
}

func TestDistanceCountsSlips(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		a, b string
		want int
	}{
		{"", "", 0},
		{"", "abc", 3},
		{"abc", "", 3},
		{"abc", "abd", 1},
		{"abc", "acb", 1},
		{"abc", "cab", 2},
		{"kitten", "sitting", 3},
		{"straße", "strasse", 2},
	} {
		if got := distance(c.a, c.b); got != c.want {
			t.Errorf("distance(%q, %q) = %d, want %d", c.a, c.b, got, c.want)
		}
	}
}

// FuzzDistanceIsAMetric holds the laws by which "closest" has a meaning.
func FuzzDistanceIsAMetric(f *testing.F) {
	f.Add("path_regex", "path-regxe")
	f.Add("", "a")
	f.Fuzz(func(t *testing.T, a, b string) {
		if len(a) > 100 || len(b) > 100 {
			return
		}
		d := distance(a, b)
		if d != distance(b, a) {
			t.Errorf("distance(%q, %q) is not symmetric", a, b)
		}
		if same := string([]rune(a)) == string([]rune(b)); same != (d == 0) {
			t.Errorf("distance(%q, %q) = %d", a, b, d)
		}
		if longest := max(len([]rune(a)), len([]rune(b))); d > longest {
			t.Errorf("distance(%q, %q) = %d, more than %d", a, b, d, longest)
		}
	})
}
