package meta

import (
	"strings"
	"testing"

	"github.com/seed-1f7fdfb8/sops/tree"
)

// FuzzWhatIsDecodedEncodesAsItWas reads metadata from the flat form, in which any
// text can be written.
func FuzzWhatIsDecodedEncodesAsItWas(f *testing.F) {
	f.Add("age__list_0__map_enc=E\nage__list_0__map_recipient=r\nlastmodified=2024-05-06T07:08:09Z\nmac=m\nversion=3.13.3")
	f.Add("KMS__list_0__map_arn=a\nKMS__list_0__map_context__map_k=v\nlastmodified=2024-05-06T07:08:09+02:00\nshamir_threshold=2.0\nmac_only_encrypted=t")
	f.Add("key_groups__list_0__map_moon__list_0__map_enc=x\nlastmodified=2024-05-06T07:08:09Z\nencrypted_regex=a")
	f.Fuzz(func(t *testing.T, text string) {
		var lines []tree.FlatLine
		for line := range strings.SplitSeq(text, "\n") {
			name, value, _ := strings.Cut(line, "=")
			lines = append(lines, tree.FlatLine{Name: name, Text: value})
		}
		n, err := tree.Unflatten(lines)
		if err != nil {
			return
		}
		m, err := Decode(n)
		if err != nil {
			return
		}
		again, err := Decode(m.Encode())
		if err != nil {
			t.Fatalf("%s\nencoded as %s: %v", show(n), show(m.Encode()), err)
		}
		if got, want := show(again.Encode()), show(m.Encode()); got != want {
			t.Errorf("\n got %s\nwant %s", got, want)
		}
	})
}
