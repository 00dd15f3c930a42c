package cli_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/seed-1f7fdfb8/sops/devkms"
	"github.com/seed-1f7fdfb8/sops/internal/cli"
	"github.com/seed-1f7fdfb8/sops/internal/test/azuretest"
	"github.com/seed-1f7fdfb8/sops/internal/test/gcptest"
	"github.com/seed-1f7fdfb8/sops/internal/test/huaweitest"
	"github.com/seed-1f7fdfb8/sops/internal/test/pgptest"
	"github.com/seed-1f7fdfb8/sops/internal/test/postgrestest"
	"github.com/seed-1f7fdfb8/sops/internal/test/publishtest"
	"github.com/seed-1f7fdfb8/sops/internal/test/signinghelper"
	"github.com/seed-1f7fdfb8/sops/internal/test/vaulttest"
)

func TestMain(m *testing.M) {
	programs := helpers()
	programs[signinghelper.Name] = func() {
		if err := signinghelper.Main(os.Args[1:], os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	programs["sops"] = func() { os.Exit(cli.Main(context.Background(), os.Args, os.Stdin, os.Stdout, os.Stderr)) }
	testscript.Main(m, programs)
}

// The scripts are the contract of the program. Each has a home directory of its
// own, the test keys of testdata/keys in $KEYS, and a devkms with the built-in
// world in its environment. Commands beside those of testscript:
//
//	vault, hckms            a Vault, a Huawei Cloud KMS; see vaults_test.go
//	kmscalls N [OPERATION]  the devkms had N calls (of that operation) since the last kmscalls
//	fault [-region R] [-key K] [-op O] MODE   makes devkms fail; "fault" alone mends it
//	theirs ARGS...          runs the real SOPS 3.13.3; only under [theirs]
//	lines FILE FILE N       the two files differ in N lines, without those of the metadata that every write changes
//	exits CODE PROG ARGS... the program ends with that status; a failure shows nothing that holds the word canary
//	await FILE              waits until the file is there
//	parallel PROG ARGS...   runs the program once for each N of 1 to 8, in place of {}, all at once
//	mode FILE OCTAL         the file has that mode
//	gnupg NAME...           a home of gpg with these keys; see gnupg_test.go, also for pinentry and pgpkey
//	keyservice, certificates   a key service, certificates for TLS; see keyservices_test.go
//	gcp, azure              a Google Cloud KMS, an Azure Key Vault; see clouds_test.go
//	postgres [STATEMENT]    a real PostgreSQL; see postgres_test.go
//	targets                 where sops publish uploads to; see publish_targets_test.go
//
// Beside sops there are the programs detach PROG ARGS..., which runs PROG without
// a terminal, noflock PROG ARGS..., which runs it on Linux without locks, and
// whatever the machine has.
//
// Conditions: [theirs] where SOPS_REFERENCE names a real SOPS 3.13.3, [root] where the
// tests run as root, which no file mode stops, [gpg] where gpg is installed,
// [postgres] where PostgreSQL is.
func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, scripts(t, "testdata/script", ""))
}

// scripts are those of a directory, run as who: "" is the default user.
func scripts(t *testing.T, dir, who string) testscript.Params {
	keys, err := filepath.Abs("../../internal/test/golden/keys")
	if err != nil {
		t.Fatal(err)
	}
	theirs := os.Getenv("SOPS_REFERENCE")
	return testscript.Params{
		Dir:                 dir,
		RequireExplicitExec: false,
		RequireUniqueNames:  true,
		UpdateScripts:       os.Getenv("UPDATE_SCRIPTS") != "",
		Condition: func(cond string) (bool, error) {
			switch cond {
			case "theirs":
				return theirs != "", nil
			case "root":
				return os.Geteuid() == 0, nil
			case "postgres":
				return postgrestest.Bin() != "", nil
			case "gpg":
				return pgptest.Installed(), nil
			}
			return false, fmt.Errorf("unknown condition %q", cond)
		},
		Cmds: withLab(map[string]func(*testscript.TestScript, bool, []string){
			"vault":    vaultServer,
			"hckms":    hckms,
			"kmscalls": kmsCalls,
			"fault":    fault,
			"theirs":   runTheirs,
			"lines":    lines,
			"mode":     mode,
			"exits":    exits,
			"await":    await,
			"parallel": parallel,
			"gnupg":    gnupg,
			"pinentry": pinentry,
			"pgpkey":   pgpKey,
			"gcp":      gcp,
			"azure":    azure,

			"postgres":     lendPostgres(t),
			"keyservice":   keyService,
			"certificates": certificates,
			"targets":      targets,
		}),
		Setup: func(e *testscript.Env) error {
			e.Values[vaultValue{}], e.Values[huaweiValue{}] = new(*vaulttest.Server), new(*huaweitest.Server)
			server, err := newLab(t, e)
			if err != nil {
				return err
			}
			e.Values[serverKey{}] = server
			e.Values[publishValue{}] = new(*publishtest.Server)
			e.Values[gcpKey{}], e.Values[azureKey{}] = new(*gcptest.Server), new(*azuretest.Server)
			profiles := filepath.Join(e.WorkDir, ".aws")
			if err := os.Mkdir(profiles, 0o700); err != nil {
				return err
			}
			server.who = who
			vars, err := server.EnvironFor(devkms.Program{Dir: profiles, As: who})
			if err != nil {
				return err
			}
			e.Vars = append(e.Vars, vars...)
			// Calls are counted: STS of a busy machine is not silent, and no other region is asked.
			e.Vars = append(e.Vars, "SOPS_AWS_STS_REGIONS=us-east-1")
			e.Vars = append(e.Vars,
				"HOME="+e.WorkDir, "XDG_CONFIG_HOME="+filepath.Join(e.WorkDir, ".config"),
				"KEYS="+keys, "THEIRS="+theirs, "SOPS_DISABLE_VERSION_CHECK=true", "EDITOR=false",
				"SOPS_AGE_KEY_FILE="+filepath.Join(keys, "age-main.txt"),
				"R1=age1ym9y2kmj7n2sw2jmpapp2qvmxa25c6xrmp2e38s4wvw7naq0tskqzu3dsz",
				"R2=age15xqkuy709wy2qcrczm4h97t8dzfhktftnzyt4c5qdky0jdkq9pvq99kwyc",
				"R3=age1998wleqmxyk0ke028vul8jn4xlqwss8ldfwc40fp6vglvxtmn50qadmgs0",
				"K1=arn:aws:kms:us-east-1:111111111111:key/11111111-1111-4111-8111-000000000001",
				"K2=arn:aws:kms:eu-west-1:111111111111:key/11111111-1111-4111-8111-000000000002",
				"ALIAS=arn:aws:kms:us-east-1:111111111111:alias/sops-dev",
				"ROLE=arn:aws:iam::111111111111:role/sops-dev",
			)
			return nil
		},
	}
}

type serverKey struct{}

func server(ts *testscript.TestScript) *devkms.Server {
	return ts.Value(serverKey{}).(*lab).Server
}

func kmsCalls(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 1 || len(args) > 2 {
		ts.Fatalf("usage: kmscalls N [OPERATION]")
	}
	got, seen := 0, []string{}
	for _, c := range server(ts).Calls() {
		seen = append(seen, c.Operation)
		if len(args) == 1 || c.Operation == args[1] {
			got++
		}
	}
	if fmt.Sprint(got) != args[0] {
		ts.Fatalf("%d calls, want %s; all: %v", got, args[0], seen)
	}
	if len(args) == 1 {
		server(ts).ResetCalls()
	}
}

func fault(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) == 0 {
		server(ts).ClearFaults()
		return
	}
	var f devkms.Fault
	for len(args) > 2 {
		switch args[0] {
		case "-region":
			f.Region = args[1]
		case "-key":
			f.Key = args[1]
		case "-op":
			f.Operation = args[1]
		default:
			ts.Fatalf("fault: unknown option %s", args[0])
		}
		args = args[2:]
	}
	if len(args) != 1 {
		ts.Fatalf("usage: fault [-region R] [-key K] [-op O] MODE")
	}
	f.Mode = devkms.FaultMode(args[0])
	server(ts).SetFault(f)
}

// runTheirs runs the real sops; its output is compared with stdout and stderr by
// the usual commands of testscript only through files: theirs > is not there,
// so the output goes to theirs.out and theirs.err.
func runTheirs(ts *testscript.TestScript, neg bool, args []string) {
	cmd := exec.CommandContext(context.Background(), ts.Getenv("THEIRS"), args...)
	cmd.Dir, cmd.Env = ts.MkAbs("."), theirsEnv(ts)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	ts.Check(os.WriteFile(ts.MkAbs("theirs.out"), stdout.Bytes(), 0o600))
	ts.Check(os.WriteFile(ts.MkAbs("theirs.err"), stderr.Bytes(), 0o600))
	if (err != nil) != neg {
		ts.Fatalf("SOPS %v: %v\n%s", args, err, stderr.Bytes())
	}
}

// theirsEnv returns what the script says of keys and credentials.
func theirsEnv(ts *testscript.TestScript) (vars []string) {
	for _, name := range []string{
		"HOME", "PATH", "EDITOR", "SOPS_EDITOR", "SOPS_AGE_KEY_FILE", "SOPS_DISABLE_VERSION_CHECK", "AWS_PROFILE", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_KMS", "AWS_ENDPOINT_URL_STS", "AWS_ENDPOINT_URL_S3",
		"VAULT_ADDR", "VAULT_TOKEN", "HUAWEICLOUD_SDK_AK", "HUAWEICLOUD_SDK_SK", "HUAWEICLOUD_SDK_PROJECT_ID", "HUAWEICLOUD_SDK_REGION_KMS_EU_WEST_101",
		"SOPS_GCP_KMS_ENDPOINT", "SOPS_GCP_KMS_CLIENT_TYPE", "GOOGLE_OAUTH_ACCESS_TOKEN", "GOOGLE_APPLICATION_CREDENTIALS",
		"HTTPS_PROXY", "SSL_CERT_FILE", "AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET",
		"GNUPGHOME", "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION", "AWS_EC2_METADATA_DISABLED",
	} {
		if v := ts.Getenv(name); v != "" {
			vars = append(vars, name+"="+v)
		}
	}
	return vars
}

// exits runs a program for its status. Scripts write canary into all that is
// secret where something is to fail.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE PROG ARGS...")
	}
	err := ts.Exec(args[1], args[2:]...)
	got := 0
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		got = exit.ExitCode()
	} else if err != nil {
		ts.Fatalf("%v: %v", args[1:], err)
	}
	if fmt.Sprint(got) != args[0] {
		ts.Fatalf("%v: exit status %d, want %s", args[1:], got, args[0])
	}
	if got == 0 {
		return
	}
	for _, stream := range []string{"stdout", "stderr"} {
		if strings.Contains(ts.ReadFile(stream), "canary") {
			ts.Fatalf("%v: a secret is on %s", args[1:], stream)
		}
	}
}

func await(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: await FILE")
	}
	for range 1000 {
		if _, err := os.Stat(ts.MkAbs(args[0])); err == nil {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	ts.Fatalf("%s does not come", args[0])
}

func parallel(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: parallel PROG ARGS...")
	}
	var wg sync.WaitGroup
	errs := make([]error, 8)
	for n := range errs {
		own := make([]string, len(args))
		for i, a := range args {
			own[i] = strings.ReplaceAll(a, "{}", fmt.Sprint(n+1))
		}
		wg.Go(func() {
			cmd := exec.CommandContext(context.Background(), own[0], own[1:]...)
			cmd.Dir = ts.MkAbs(".")
			cmd.Env = append(os.Environ(), "SOPS_AGE_KEY_FILE="+ts.Getenv("SOPS_AGE_KEY_FILE"))
			if out, err := cmd.CombinedOutput(); err != nil {
				errs[n] = fmt.Errorf("%v: %w\n%s", own, err, out)
			}
		})
	}
	wg.Wait()
	ts.Check(errors.Join(errs...))
}

// lines counts the lines of a diff: those removed and those added.
func lines(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: lines FILE FILE N")
	}
	var undated []string
	for _, name := range args[:2] {
		var kept []string
		for line := range strings.Lines(ts.ReadFile(name)) {
			if !everyWrite.MatchString(line) {
				kept = append(kept, line)
			}
		}
		undated = append(undated, ts.MkAbs(name)+".undated")
		ts.Check(os.WriteFile(undated[len(undated)-1], []byte(strings.Join(kept, "")), 0o600))
	}
	out, err := exec.Command("git", "diff", "--no-index", "--numstat", "--", undated[0], undated[1]).Output()
	added, removed := 0, 0
	if err != nil && len(out) == 0 {
		ts.Fatalf("git diff: %v", err)
	}
	if len(out) > 0 {
		if _, err := fmt.Sscan(string(out), &added, &removed); err != nil {
			ts.Fatalf("git diff: %q: %v", out, err)
		}
	}
	if got := fmt.Sprint(added + removed); got != args[2] {
		ts.Fatalf("the files differ in %s lines, want %s", got, args[2])
	}
}

// everyWrite matches the lines of metadata that no write leaves alone.
var everyWrite = regexp.MustCompile(`^(\s*"?|sops_)(lastmodified|mac|seal|layout)\b`)

func mode(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: mode FILE OCTAL")
	}
	info, err := os.Stat(ts.MkAbs(args[0]))
	ts.Check(err)
	if got := fmt.Sprintf("%o", info.Mode().Perm()); got != strings.TrimPrefix(args[1], "0") {
		ts.Fatalf("%s has mode %s, want %s", args[0], got, args[1])
	}
}
