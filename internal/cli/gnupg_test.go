package cli_test

import (
	"fmt"
	"os"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/seed-1f7fdfb8/sops/internal/test/pgptest"
)

// gnupg makes a home of gpg with the keys of the given names, and puts it and
// their fingerprints ($PGP_NAME) into the environment:
//
//	gnupg NAME...
//
// The names are those of internal/pgptest/keys; public:NAME has no secret part.
func gnupg(ts *testscript.TestScript, neg bool, names []string) {
	if neg {
		ts.Fatalf("usage: gnupg NAME...")
	}
	h, err := pgptest.NewHome(names...)
	ts.Check(err)
	ts.Defer(h.Close)
	ts.Setenv("GNUPGHOME", h.Dir)
	for _, name := range names {
		name = strings.TrimPrefix(name, "public:")
		ts.Setenv("PGP_"+strings.ToUpper(name), pgptest.Fingerprint(name))
	}
}

// pinentry says what is entered at prompts for passphrases: pinentry TEXT,
// or nothing, which cancels. "pinentry asked N" says that there were N prompts
// since it was last asked.
func pinentry(ts *testscript.TestScript, neg bool, args []string) {
	h := pgptest.Home{Dir: ts.Getenv("GNUPGHOME")}
	switch {
	case neg || h.Dir == "":
		ts.Fatalf("usage: gnupg NAME...; pinentry [TEXT | asked N]")
	case len(args) == 2 && args[0] == "asked":
		if got := fmt.Sprint(strings.Count(h.Asked(), "GETPIN")); got != args[1] {
			ts.Fatalf("%s prompts, want %s", got, args[1])
		}
	default:
		ts.Check(h.Answer(strings.Join(args, " ")))
	}
}

// pgpKey writes a secret key into a file: pgpkey NAME FILE.
func pgpKey(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: pgpkey NAME FILE")
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), pgptest.Key(args[0]), 0o600))
}
