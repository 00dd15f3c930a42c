package userfiles

import (
	"strings"
	"testing"
)

const (
	roleA = "arn:aws:iam::111111111111:role/a"
	keyA  = "arn:aws:kms:us-east-1:111111111111:key/a"
)

func FuzzTheUserMapIsReadOrRefusedByLine(f *testing.F) {
	f.Add("accounts:\n  \"111111111111\": {profile: x, role: [" + roleA + "]}\nmrk_regions: [eu-west-1]\n")
	f.Add("keys: {" + keyA + ": {duration: 1h, tags: {a: b}}}\nallow_profiles: x\n")
	f.Add("accounts: {? {a: b} : c}\n")
	f.Add("a: &a [*a]\n")
	f.Fuzz(func(t *testing.T, src string) {
		_, err := parseMap("aws.yaml", []byte(src))
		if err != nil && (!strings.HasPrefix(err.Error(), "aws.yaml: ") || strings.Contains(err.Error(), "userfiles.")) {
			t.Errorf("%q: %v", src, err)
		}
	})
}
