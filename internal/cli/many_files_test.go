package cli

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTwoHundredFilesTakeOneRoleAndTwoCallsEach(t *testing.T) {
	t.Parallel()
	w := newWalk(t)
	const role = "arn:aws:iam::111111111111:role/sops-dev"
	w.write(t, ".sops.yaml", "creation_rules: [{kms: \""+walkKey+"+"+role+"\"}]\n")
	w.write(t, "f.yaml", "a: 1\n")
	if code := w.run(t, "encrypt", "-i", "f.yaml"); code != 0 {
		t.Fatal("f.yaml could not be made")
	}
	const files = 200
	args := []string{"updatekeys", "-y"}
	text := w.files(t)["f.yaml"]
	for i := range files {
		name := fmt.Sprintf("f%03d.yaml", i)
		w.write(t, name, text)
		args = append(args, name)
	}
	w.write(t, ".sops.yaml", "creation_rules: [{kms: \""+walkKey+"+"+role+",arn:aws:kms:us-east-1:111111111111:alias/sops-mrk+"+role+"\"}]\n")
	w.server.ResetCalls()
	if code := w.run(t, args...); code != 0 {
		t.Fatalf("exit %d", code)
	}
	got := map[string]int{}
	for _, c := range w.server.Calls() {
		got[c.Operation]++
	}
	want := map[string]int{"AssumeRole": 1, "Decrypt": files, "Encrypt": files}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
}
