package cli_test

import (
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/seed-1f7fdfb8/sops/internal/test/gcptest"
	"github.com/seed-1f7fdfb8/sops/internal/test/publishtest"
	"github.com/seed-1f7fdfb8/sops/internal/test/vaulttest"
)

type publishValue struct{}

// targets is the S3, Secrets Manager and Parameter Store of the script, which the
// first use starts. The profile publisher may use them, and so may the access key
// that "targets environment" puts into variables.
//
//	targets                         S3 has the bucket backups
//	targets environment             puts the access key and the region into variables
//	targets bucket NAME REGION
//	targets object BUCKET KEY FILE  writes an object to FILE, and its KMS key to FILE.key
//	targets secret NAME FILE        writes the value of a secret to FILE, and the rest to FILE.rest
//	targets parameter NAME FILE     likewise
//	targets exists NAME VALUE       makes a secret
//	targets delete NAME             schedules the deletion of a secret
//	targets calls [CALL...]         fails if there were other calls since it was last used
//	targets deny ACTION, targets throttle N
//	targets fault [PATH] MODE, targets mend
//	targets well                    fails if a request was not as it must be
func targets(ts *testscript.TestScript, neg bool, args []string) {
	p, ok := ts.Value(publishValue{}).(**publishtest.Server)
	if neg || !ok {
		ts.Fatalf("usage: targets ...")
	}
	if *p == nil {
		*p = publishtest.New()
		startTargets(ts, *p)
	}
	s := *p
	if len(args) == 0 {
		return
	}
	switch word, rest := args[0], args[1:]; {
	case word == "environment":
		ts.Setenv("AWS_ACCESS_KEY_ID", publishtest.AccessKey)
		ts.Setenv("AWS_SECRET_ACCESS_KEY", publishtest.SecretKey)
		ts.Setenv("AWS_REGION", publishtest.Region)
	case word == "bucket" && len(rest) == 2:
		s.AddBucket(rest[0], rest[1])
	case word == "object" && len(rest) == 3:
		o, ok := s.Object(rest[0], rest[1])
		save(ts, ok, rest[2], string(o.Data), ".key", o.KMSKey)
	case word == "secret" && len(rest) == 2:
		one, ok := s.Secret(rest[0])
		value := one.Value
		one.Value = ""
		save(ts, ok, rest[1], value, ".rest", asJSON(ts, one))
	case word == "parameter" && len(rest) == 2:
		one, ok := s.Parameter(rest[0])
		value := one.Value
		one.Value = ""
		save(ts, ok, rest[1], value, ".rest", asJSON(ts, one))
	case word == "exists" && len(rest) == 2:
		s.SetSecret(rest[0], rest[1])
	case word == "delete" && len(rest) == 1:
		s.DeleteSecret(rest[0])
	case word == "calls":
		if got, want := strings.Join(s.Calls(), " "), strings.Join(rest, " "); got != want {
			ts.Fatalf("calls: got %s, want %s", got, want)
		}
	case word == "deny" && len(rest) == 1:
		s.Deny(rest[0])
	case word == "throttle" && len(rest) == 1:
		n, err := strconv.Atoi(rest[0])
		ts.Check(err)
		s.Throttle(n)
	case word == "well":
		complain(ts, s.Complaints())
	default:
		setFault(ts, s.Faults, args)
	}
}

func startTargets(ts *testscript.TestScript, s *publishtest.Server) {
	ts.Defer(s.Close)
	s.AddBucket("backups", publishtest.Region)
	for _, name := range []string{"S3", "SECRETS_MANAGER", "SSM"} {
		ts.Setenv("AWS_ENDPOINT_URL_"+name, s.URL)
	}
	profiles, err := os.OpenFile(ts.Getenv("AWS_CONFIG_FILE"), os.O_APPEND|os.O_WRONLY|os.O_CREATE, 0o600)
	ts.Check(err)
	defer profiles.Close()
	fmt.Fprintf(profiles, "\n[profile publisher]\naws_access_key_id = %s\naws_secret_access_key = %s\n", publishtest.AccessKey, publishtest.SecretKey)
}

// save writes what a service has to a file, and what is kept with it to another.
func save(ts *testscript.TestScript, found bool, file, content, end, more string) {
	if !found {
		ts.Fatalf("it is not there")
	}
	ts.Check(os.WriteFile(ts.MkAbs(file), []byte(content), 0o600))
	ts.Check(os.WriteFile(ts.MkAbs(file+end), []byte(more+"\n"), 0o600))
}

func asJSON(ts *testscript.TestScript, v any) string {
	text, err := json.Marshal(v)
	ts.Check(err)
	return string(text)
}

// vaultStore does what the command vault of scripts does with secrets.
func vaultStore(ts *testscript.TestScript, s *vaulttest.Server, args []string) (known bool) {
	switch {
	case len(args) == 3 && args[0] == "store":
		version, err := strconv.Atoi(args[2])
		ts.Check(err)
		s.AddStore(args[1], version)
	case len(args) == 4 && args[0] == "write":
		s.SetSecret(args[1], args[2], args[3])
	case len(args) == 3 && args[0] == "delete":
		s.DeleteSecret(args[1], args[2])
	case len(args) == 4 && args[0] == "secret":
		value, version := s.Secret(args[1], args[2])
		save(ts, version > 0, args[3], value+"\n", ".version", strconv.Itoa(version))
	default:
		return false
	}
	return true
}

// gcpStorage does what the command gcp of scripts does with objects.
func gcpStorage(ts *testscript.TestScript, s *gcptest.Server, args []string) (known bool) {
	switch {
	case len(args) == 2 && args[0] == "bucket":
		ts.Setenv("SOPS_GCS_ENDPOINT", s.URL())
		s.AddBucket(args[1])
	case len(args) == 4 && args[0] == "object":
		data, generation := s.Object(args[1], args[2])
		save(ts, generation > 0, args[3], string(data), ".generation", strconv.Itoa(generation))
	case len(args) == 2 && args[0] == "deny" && strings.HasPrefix(args[1], "storage."):
		s.Deny(gcptest.Account, args[1])
	default:
		return false
	}
	return true
}
