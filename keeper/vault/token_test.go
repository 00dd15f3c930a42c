package vault

import (
	"fmt"
	"strings"
	"testing"
)

func TestATokenNeverPrintsItself(t *testing.T) {
	t.Parallel()
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
		for _, v := range []any{*newToken("s3cret", "a file"), newToken("s3cret", "a file")} {
			if got := fmt.Sprintf(verb, v); !strings.Contains(got, "hidden") {
				t.Errorf("%s prints %s", verb, got)
			}
		}
	}
}
