package programs

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestEachPairOfBracesBecomesTheFile(t *testing.T) {
	t.Parallel()
	p := Program{Line: "a {} b{}{}", Argv: []string{"{}", "--x={}", "{ }"}}
	want := Program{Line: "a /f b/f/f", Argv: []string{"/f", "--x=/f", "{ }"}}
	if diff := cmp.Diff(want, p.with("/f")); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if p.Argv[0] != "{}" {
		t.Error("the program itself was changed")
	}
}
