package cli_test

import (
	"bytes"
	"encoding/json"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/seed-1f7fdfb8/sops/devkms"
)

// A lab is the devkms of one script. What IAM would do while it runs is done by
// starting it again with the changed world, at the same address and with the
// same keys.
type lab struct {
	*devkms.Server
	world *devkms.World
	dir   string
	port  int
	who   string       // the script is: a profile, a machine, or "" for the default user
	skew  atomic.Int64 // of its clock, in nanoseconds
}

// rootKey is the access key of the root of an account, for what administrators
// do in a script.
func rootKey(account string) devkms.AccessKey {
	return devkms.AccessKey{ID: "AKIAROOT" + account, Secret: "devkms/root/" + account}
}

// newLab starts the world of world.yaml, or the built-in one.
func newLab(t *testing.T, e *testscript.Env) (*lab, error) {
	l := &lab{world: devkms.BuiltinWorld(), dir: t.TempDir()}
	if src, err := os.ReadFile(filepath.Join(e.WorkDir, "world.yaml")); err == nil {
		if l.world, err = devkms.ParseWorld("world.yaml", src); err != nil {
			return nil, err
		}
	}
	for i, a := range l.world.Accounts {
		l.world.Accounts[i].Root = rootKey(a.ID)
	}
	e.Defer(func() { _ = l.Close() })
	return l, l.start()
}

func (l *lab) start() error {
	s, err := l.open()
	if err != nil {
		return err
	}
	l.Server = s
	at, err := s.ListenPort(l.port)
	if err != nil {
		return err
	}
	u, err := url.Parse(at)
	if err != nil {
		return err
	}
	l.port, err = strconv.Atoi(u.Port())
	return err
}

// open makes the server. A program that another script starts just now holds
// the lock of the closed one for the moment between its fork and its exec.
func (l *lab) open() (*devkms.Server, error) {
	const tries, pause = 100, 20 * time.Millisecond
	for i := 0; ; i++ {
		s, err := devkms.New(devkms.Options{
			World: l.world, Dir: l.dir,
			Now: func() time.Time { return time.Now().Add(time.Duration(l.skew.Load())) },
		})
		if err == nil || i == tries || !strings.Contains(err.Error(), "in use by another") {
			return s, err
		}
		time.Sleep(pause)
	}
}

func (l *lab) restart() error {
	if err := l.Close(); err != nil {
		return err
	}
	return l.start()
}

// labCommands are the commands of scripts that change the world:
//
//	attach user/NAME|role/NAME FILE   adds the policy or statement in FILE
//	strip user/NAME|role/NAME        takes all its policies away
//	trust role/NAME FILE              the trust policy becomes the one in FILE
//	clock DURATION                    the clock of AWS goes wrong by so much
//	aws ...                           an administrator at work; see awscli_test.go
//	hint FILE REGEXP                  does the aws command that the hint in FILE gives
//	statement FILE OUT [WORD]         writes the first policy statement in FILE (that holds WORD) to OUT
//	capture FILE REGEXP VARIABLE      takes a word out of FILE
//	as WHO                            the script goes on as that profile, or on that machine
//	logins AGO                        all logins, tokens and certificates are that old
//	advance DURATION                  the clock of AWS goes on, that of the machine does not
//	strike OPERATION MODE DELAY N     makes N calls fail (0: all), or answer late
//	kept FILE FILE WORD...            the first lines with these words are the same in both
func labCommands() map[string]func(*testscript.TestScript, bool, []string) {
	return map[string]func(*testscript.TestScript, bool, []string){
		"attach": attachPolicy, "strip": stripPolicies, "trust": trust, "clock": clock,
		"aws": awsCommand, "hint": applyHint, "statement": statement, "capture": capture, "kept": kept, "strike": strike,
		"as": become, "logins": logins, "advance": advance,
	}
}

// withLab adds the commands of the lab to others.
func withLab(commands map[string]func(*testscript.TestScript, bool, []string)) map[string]func(*testscript.TestScript, bool, []string) {
	for name, f := range labCommands() {
		commands[name] = f
	}
	return commands
}

func labOf(ts *testscript.TestScript) *lab { return ts.Value(serverKey{}).(*lab) }

func usage(ts *testscript.TestScript, ok bool, text string) {
	if !ok {
		ts.Fatalf("usage: %s", text)
	}
}

// policyIn reads a policy, or a statement that it makes one of.
func policyIn(ts *testscript.TestScript, file string) *devkms.Policy {
	text := ts.ReadFile(file)
	var shape map[string]json.RawMessage
	ts.Check(json.Unmarshal([]byte(text), &shape))
	if shape["Statement"] == nil {
		text = `{"Version":"2012-10-17","Statement":[` + text + `]}`
	}
	p, err := devkms.ParsePolicy(text)
	ts.Check(err)
	return p
}

// policiesOf returns where the policies of user/NAME or role/NAME are kept.
func (l *lab) policiesOf(ts *testscript.TestScript, who string) *[]*devkms.Policy {
	kind, name, _ := strings.Cut(who, "/")
	for i := range l.world.Accounts {
		a := &l.world.Accounts[i]
		for j := range a.Users {
			if kind == "user" && a.Users[j].Name == name {
				return &a.Users[j].Policies
			}
		}
		for j := range a.Roles {
			if kind == "role" && a.Roles[j].Name == name {
				return &a.Roles[j].Policies
			}
		}
	}
	ts.Fatalf("there is no %s", who)
	return nil
}

func attachPolicy(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, !neg && len(args) == 2, "attach user/NAME|role/NAME FILE")
	l := labOf(ts)
	list := l.policiesOf(ts, args[0])
	*list = append(slices.Clone(*list), policyIn(ts, args[1]))
	ts.Check(l.restart())
}

func stripPolicies(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, !neg && len(args) == 1, "strip user/NAME|role/NAME")
	l := labOf(ts)
	*l.policiesOf(ts, args[0]) = nil
	ts.Check(l.restart())
}

func trust(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, !neg && len(args) == 2, "trust role/NAME FILE")
	l := labOf(ts)
	name := strings.TrimPrefix(args[0], "role/")
	for i := range l.world.Accounts {
		for j := range l.world.Accounts[i].Roles {
			if r := &l.world.Accounts[i].Roles[j]; r.Name == name {
				r.Trust = policyIn(ts, args[1])
				ts.Check(l.restart())
				return
			}
		}
	}
	ts.Fatalf("there is no %s", args[0])
}

func clock(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, !neg && len(args) == 1, "clock DURATION")
	d, err := time.ParseDuration(args[0])
	ts.Check(err)
	labOf(ts).skew.Store(int64(d))
}

// statement finds a policy statement in a text, as hints hold them.
func statement(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, !neg && len(args) >= 2, "statement FILE OUT [WORD]")
	word := "" // that the statement holds
	if len(args) > 2 {
		word = args[2]
	}
	var s json.RawMessage
	text := ts.ReadFile(args[0])
	for {
		at := strings.Index(text, `{"Effect"`)
		if at < 0 {
			ts.Fatalf("there is no such policy statement in %s", args[0])
		}
		ts.Check(json.NewDecoder(strings.NewReader(text[at:])).Decode(&s))
		if strings.Contains(string(s), word) {
			break
		}
		text = text[at+1:]
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), bytes.TrimSpace(s), 0o600))
}

func find(ts *testscript.TestScript, file, expression string) string {
	re, err := regexp.Compile("(?m)" + expression)
	ts.Check(err)
	text := ts.ReadFile(file)
	found := re.FindStringSubmatch(text)
	if found == nil {
		ts.Fatalf("%s does not match %q:\n%s", file, expression, text)
	}
	return found[len(found)-1]
}

func capture(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, !neg && len(args) == 3, "capture FILE REGEXP VARIABLE")
	ts.Setenv(args[2], find(ts, args[0], args[1]))
}

// applyHint does what a hint says, word by word.
func applyHint(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, !neg && len(args) == 2, "hint FILE REGEXP")
	words := strings.Fields(strings.TrimRight(find(ts, args[0], args[1]), ",;"))
	if len(words) == 0 || words[0] != "aws" {
		ts.Fatalf("the hint is no aws command: %q", words)
	}
	awsCommand(ts, false, words[1:])
}

// kept compares the first line with each word in two files.
func kept(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, !neg && len(args) > 2, "kept FILE FILE WORD...")
	first := func(file, word string) string {
		for line := range strings.Lines(ts.ReadFile(file)) {
			if strings.Contains(line, word) {
				return line
			}
		}
		ts.Fatalf("there is no %q in %s", word, file)
		return ""
	}
	for _, word := range args[2:] {
		if a, b := first(args[0], word), first(args[1], word); a != b {
			ts.Fatalf("%s changed:\n%s%s", word, a, b)
		}
	}
}

func strike(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, !neg && len(args) == 4, "strike OPERATION MODE DELAY N")
	delay, err := time.ParseDuration(args[2])
	ts.Check(err)
	n, err := strconv.Atoi(args[3])
	ts.Check(err)
	labOf(ts).SetFault(devkms.Fault{Operation: args[0], Mode: devkms.FaultMode(args[1]), Delay: delay, Times: n})
}

// login writes the profiles and the logins anew, as they were made some time ago.
func (l *lab) login(ts *testscript.TestScript, ago time.Duration) error {
	l.Advance(-ago)
	defer l.Advance(ago)
	_, err := l.EnvironFor(devkms.Program{Dir: filepath.Join(ts.Getenv("HOME"), ".aws"), As: l.who})
	return err
}

func become(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, !neg && len(args) == 1, "as WHO")
	l := labOf(ts)
	l.who = args[0]
	vars, err := l.EnvironFor(devkms.Program{Dir: filepath.Join(ts.Getenv("HOME"), ".aws"), As: l.who})
	ts.Check(err)
	for _, name := range []string{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE", "AWS_EC2_METADATA_DISABLED"} {
		ts.Setenv(name, "")
	}
	for _, v := range vars {
		name, value, _ := strings.Cut(v, "=")
		ts.Setenv(name, value)
	}
}

func logins(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, !neg && len(args) == 1, "logins AGO")
	ago, err := time.ParseDuration(args[0])
	ts.Check(err)
	ts.Check(labOf(ts).login(ts, ago))
}

func advance(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, !neg && len(args) == 1, "advance DURATION")
	d, err := time.ParseDuration(args[0])
	ts.Check(err)
	labOf(ts).Advance(d)
}
