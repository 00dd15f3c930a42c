package cli_test

import (
	"os"
	"sync"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/seed-1f7fdfb8/sops/internal/test/postgrestest"
)

// lendPostgres returns the command postgres of scripts. They share one server, which
// the first use starts:
//
//	postgres              a database of the script's own with the table of SOPS, at $POSTGRES
//	postgres STATEMENT    runs a statement there; its rows are then in the file rows
func lendPostgres(t *testing.T) func(*testscript.TestScript, bool, []string) {
	start := sync.OnceValues(func() (*postgrestest.Server, error) {
		s, err := postgrestest.Start()
		if err == nil {
			t.Cleanup(s.Close)
		}
		return s, err
	})
	return func(ts *testscript.TestScript, neg bool, args []string) {
		if neg || len(args) > 1 {
			ts.Fatalf("usage: postgres [STATEMENT]")
		}
		if len(args) == 1 {
			rows, err := postgrestest.Query(ts.Getenv("POSTGRES"), args[0])
			ts.Check(err)
			ts.Check(os.WriteFile(ts.MkAbs("rows"), []byte(rows), 0o600))
			return
		}
		s, err := start()
		ts.Check(err)
		url, err := s.Database()
		ts.Check(err)
		ts.Setenv("POSTGRES", url)
	}
}
