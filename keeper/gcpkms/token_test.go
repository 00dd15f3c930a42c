package gcpkms

import (
	"fmt"
	"strings"
	"testing"
)

func TestATokenNeverPrintsItself(t *testing.T) {
	t.Parallel()
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
		for _, v := range []any{token{secret: "s3cret"}, &token{secret: "s3cret"}} {
			if got := fmt.Sprintf(verb, v); !strings.Contains(got, "hidden") {
				t.Errorf("%s prints %s", verb, got)
			}
		}
	}
}
