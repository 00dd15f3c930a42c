package devkms_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	ststypes "github.com/aws/aws-sdk-go-v2/service/sts/types"
	"github.com/aws/smithy-go"

	"github.com/seed-1f7fdfb8/sops/devkms"
)

// The names of testdata/decisions.md.
const (
	accountA, accountB = "111122223333", "444455556666"
	decisionKey        = "11112222-3333-4111-8111-000000000001"
	decisionKeyARN     = "arn:aws:kms:us-east-1:" + accountA + ":key/" + decisionKey
)

// A decision is one row of the table.
type decision struct {
	id, who, call, key, identity, other string
	allowed                             bool
	why, page                           string
}

func decisions(t testing.TB) []decision {
	t.Helper()
	src, err := os.ReadFile("testdata/decisions.md")
	if err != nil {
		t.Fatal(err)
	}
	var all []decision
	for line := range strings.Lines(string(src)) {
		cells := strings.Split(strings.TrimSpace(line), " | ")
		if len(cells) != 9 || !regexp.MustCompile(`^\| [A-Z]\d+$`).MatchString(cells[0]) {
			continue
		}
		all = append(all, decision{
			id: cells[0][2:], who: cells[1], call: cells[2], key: cells[3], identity: cells[4], other: cells[5],
			allowed: cells[6] == "allow", why: cells[7], page: strings.TrimSuffix(cells[8], " |"),
		})
	}
	return all
}

// A scene is the world of a decision, and the question.
type scene struct {
	world    *devkms.World
	question devkms.Question
}

func (d decision) scene(t testing.TB) scene {
	t.Helper()
	parse := func(l layout, cell string) *devkms.Policy {
		p, err := devkms.ParsePolicy(l.policyIn(cell))
		if err != nil {
			t.Fatalf("%s: %q: %v", d.id, cell, err)
		}
		return p
	}
	trust := document(t, `{"Effect":"Allow","Principal":{"AWS":"`+helperARN+`"},"Action":["sts:AssumeRole","sts:TagSession"]}`)
	user := func(name string) devkms.User {
		return devkms.User{Name: name, Access: devkms.AccessKey{ID: "AKIA" + strings.ToUpper(name) + "000000000000", Secret: name}}
	}
	w := &devkms.World{Regions: []string{"us-east-1"}, Accounts: []devkms.Account{
		{
			ID: accountA, Root: devkms.AccessKey{ID: "AKIAROOT000000000000", Secret: "root"},
			Users: []devkms.User{user("alice"), user("bob")},
			Roles: []devkms.Role{{Name: "App", Trust: trust}},
			Keys:  []devkms.Key{{ID: decisionKey, Aliases: []string{"alias/app"}}},
		},
		{ID: accountB, Users: []devkms.User{user("carol")}, Roles: []devkms.Role{{Name: "Ext", Trust: trust}}},
		helperAccount(t),
	}}
	a, b := &w.Accounts[0], &w.Accounts[1]
	k := &a.Keys[0]
	k.Policy = parse(layout{named: true}, d.key)
	out := scene{world: w}
	q := &out.question
	q.Principal, q.Region = principalARN(d.who), "us-east-1"
	own, boundary := d.caller(a, b)
	if d.identity != "–" {
		*own = append(*own, parse(layout{}, d.identity))
	}
	for _, part := range strings.Split(d.other, "; ") {
		name, text, _ := strings.Cut(part, ": ")
		if whose, tags, ok := strings.Cut(part, " tags "); ok {
			name, text = whose+" tags", tags
		}
		switch name {
		case "boundary":
			*boundary = parse(layout{}, text)
		case "session policy":
			q.SessionPolicy = parse(layout{}, text)
		case "session tags":
			q.SessionTags = pairsIn(strings.ReplaceAll(text, ": ", "="))
		case "role tags":
			a.Roles[0].Tags = pairsIn(strings.ReplaceAll(text, ": ", "="))
		case "key tags":
			k.Tags = pairsIn(strings.ReplaceAll(text, ": ", "="))
		case "trust":
			a.Roles[0].Trust = parse(layout{named: true, trust: true}, text)
		case "grant":
			k.Grants = append(k.Grants, grantIn(text))
		case "scp":
			a.SCPs = append(a.SCPs, devkms.Level{parse(layout{}, text)})
		case "scpB":
			b.SCPs = append(b.SCPs, devkms.Level{parse(layout{}, text)})
		case "rcp":
			a.RCPs = append(a.RCPs, devkms.Level{parse(layout{everyone: true}, text)})
		case "rcpB":
			b.RCPs = append(b.RCPs, devkms.Level{parse(layout{everyone: true}, text)})
		case "orgA":
			a.Organization = text
		case "orgB":
			b.Organization = text
		case "–":
		default:
			t.Fatalf("%s: what is %q?", d.id, part)
		}
	}
	for _, account := range []*devkms.Account{a, b} {
		if len(account.SCPs)+len(account.RCPs) > 0 && account.Organization == "" {
			account.Organization = "o-" + account.ID
		}
	}
	d.ask(&out)
	return out
}

// caller returns where the policies of the caller are.
func (d decision) caller(a, b *devkms.Account) (*[]*devkms.Policy, **devkms.Policy) {
	switch {
	case d.who == "bob":
		return &a.Users[1].Policies, &a.Users[1].Boundary
	case d.who == "carol":
		return &b.Users[0].Policies, &b.Users[0].Boundary
	case strings.HasPrefix(d.who, "App"):
		return &a.Roles[0].Policies, &a.Roles[0].Boundary
	case strings.HasPrefix(d.who, "Ext"):
		return &b.Roles[0].Policies, &b.Roles[0].Boundary
	}
	return &a.Users[0].Policies, &a.Users[0].Boundary
}

// ask reads the call.
func (d decision) ask(s *scene) {
	action, rest, _ := strings.Cut(d.call, " ")
	q := &s.question
	q.Action, q.Resource = "kms:"+action, decisionKeyARN
	if at := strings.Index(rest, "{"); at >= 0 {
		text, _, _ := strings.Cut(rest[at+1:], "}")
		q.Context = pairsIn(text)
	}
	switch {
	case action == "AssumeRole":
		q.Action, q.Resource = "sts:AssumeRole", principalARN("App")
		if _, condition, ok := strings.Cut(rest, " with "); ok {
			name, value, _ := strings.Cut(condition, "=")
			q.Conditions = map[string][]string{name: {value}}
		}
	case strings.HasPrefix(rest, "by alias name"):
		q.Resource = "alias/app"
	case strings.HasPrefix(rest, "by alias ARN"):
		q.Resource = "arn:aws:kms:us-east-1:" + accountA + ":alias/app"
	case strings.HasPrefix(rest, "window "):
		q.Conditions = map[string][]string{"kms:ScheduleKeyDeletionPendingWindowInDays": {strings.TrimPrefix(rest, "window ")}}
	}
}

// simulated answers the question of a row; ReEncrypt is two.
func (d decision) simulated(s scene) (allowed bool, answers []*devkms.Answer, err error) {
	ask := func(action string, context map[string]string) bool {
		q := s.question
		q.Action, q.Context = action, context
		if strings.HasPrefix(action, "kms:ReEncrypt") {
			q.Conditions = map[string][]string{"kms:ReEncryptOnSameKey": {"true"}}
		}
		a, problem := devkms.Simulate(s.world, q)
		if problem != nil {
			err = problem
			return false
		}
		answers = append(answers, a)
		return a.Allowed
	}
	if s.question.Action != "kms:ReEncrypt" {
		return ask(s.question.Action, s.question.Context), answers, err
	}
	to := s.question.Context
	if strings.Contains(d.call, "destination context none") {
		to = nil
	}
	from := ask("kms:ReEncryptFrom", s.question.Context)
	return ask("kms:ReEncryptTo", to) && from, answers, err
}

// TestSimulateDecidesAsAWSDocuments runs the whole table.
func TestSimulateDecidesAsAWSDocuments(t *testing.T) {
	t.Parallel()
	all := decisions(t)
	own := slices.DeleteFunc(slices.Clone(all), func(d decision) bool { return d.id[0] == 'D' })
	if len(all)-len(own) != 134 || len(own) < 60 {
		t.Fatalf("the table has %d rows, %d of them ours; want 134 and 60 more", len(all), len(own))
	}
	for _, d := range all {
		t.Run(d.id, func(t *testing.T) {
			t.Parallel()
			s := d.scene(t)
			got, answers, err := d.simulated(s)
			if d.id == "D166" { // an alias name of another account names nothing
				if err == nil {
					t.Errorf("got %+v, want no such key", answers)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got != d.allowed {
				t.Errorf("allowed = %v, want %v: %s (%s): %+v", got, d.allowed, d.why, d.page, answers)
			}
			for _, a := range answers {
				checkAnswer(t, a)
			}
			if open := strings.HasPrefix(d.why, "OPEN"); open != (answers[0].Open != "") {
				t.Errorf("undocumented = %q, want it said: %v", answers[0].Open, open)
			}
		})
	}
}

// checkAnswer holds that an answer names what decided, or what lacks and what
// would help.
func checkAnswer(t *testing.T, a *devkms.Answer) {
	t.Helper()
	switch {
	case a.Allowed && len(a.Deciding) == 0:
		t.Errorf("allowed by nothing: %+v", a)
	case !a.Allowed && a.Reason == "":
		t.Errorf("no reason: %+v", a)
	case !a.Allowed && a.Missing != "" && len(a.Add) == 0:
		t.Errorf("nothing would help: %+v", a)
	}
}

// TestTheServerDecidesAsSimulate makes the same calls by the SDK.
func TestTheServerDecidesAsSimulate(t *testing.T) {
	t.Parallel()
	var asked int
	for _, d := range decisions(t) {
		s := d.scene(t)
		if !strings.HasPrefix(d.call, "Decrypt") && !strings.HasPrefix(d.call, "Encrypt") && !strings.HasPrefix(d.call, "DescribeKey") && !strings.HasPrefix(d.call, "GenerateDataKey") {
			continue
		}
		asked++
		t.Run(d.id, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			blob := sealedBefore(t, dir, s.question.Context)
			server := startIn(t, dir, s.world)
			err := d.live(t, server, s, blob)
			var api smithy.APIError
			if err != nil && (!errors.As(err, &api) || !strings.HasPrefix(api.ErrorCode(), "AccessDenied") && d.id != "D166") {
				t.Fatal(err)
			}
			if got := err == nil; got != d.allowed {
				t.Errorf("allowed = %v, want %v: %s (%s): %v", got, d.allowed, d.why, d.page, err)
			}
		})
	}
	if asked < 150 {
		t.Errorf("only %d rows were asked", asked)
	}
}

// The helper is of an account that no row is about. It may encrypt before a row's
// policies are in force, and assume roles.
const helperARN = "arn:aws:iam::777788889999:user/helper"

func helperAccount(t testing.TB) devkms.Account {
	t.Helper()
	return devkms.Account{ID: "777788889999", Users: []devkms.User{{
		Name: "helper", Access: devkms.AccessKey{ID: "AKIAHELPER000000000000", Secret: "helper"},
		Policies: []*devkms.Policy{document(t, `{"Effect":"Allow","Action":["kms:*","sts:*"],"Resource":"*"}`)},
	}}}
}

func document(t testing.TB, statement string) *devkms.Policy {
	t.Helper()
	p, err := devkms.ParsePolicy(`{"Version":"2012-10-17","Statement":` + statement + `}`)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// sealedBefore encrypts under the key while it is the helper's to use. The key
// material stays in dir.
func sealedBefore(t *testing.T, dir string, context map[string]string) []byte {
	t.Helper()
	open := document(t, `{"Effect":"Allow","Principal":{"AWS":"`+helperARN+`"},"Action":"kms:*","Resource":"*"}`)
	s := startIn(t, dir, &devkms.World{Regions: []string{"us-east-1"}, Accounts: []devkms.Account{
		{ID: accountA, Keys: []devkms.Key{{ID: decisionKey, Policy: open}}}, helperAccount(t),
	}})
	out, err := decisionCaller(s, "helper").kms().Encrypt(t.Context(), &kms.EncryptInput{KeyId: ptr(decisionKeyARN), Plaintext: []byte("x"), EncryptionContext: context})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return out.CiphertextBlob
}

func startIn(t *testing.T, dir string, w *devkms.World) *devkms.Server {
	t.Helper()
	s, err := devkms.New(devkms.Options{World: w, Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	if _, err := s.Listen(); err != nil {
		t.Fatal(err)
	}
	return s
}

func decisionCaller(s *devkms.Server, user string) caller {
	return caller{
		creds: aws.Credentials{AccessKeyID: "AKIA" + strings.ToUpper(user) + "000000000000", SecretAccessKey: user},
		url:   s.URL(), region: "us-east-1",
	}
}

// live makes the call of a row.
func (d decision) live(t *testing.T, server *devkms.Server, s scene, blob []byte) error {
	t.Helper()
	c := decisionCaller(server, strings.ToLower(d.who))
	if role, session, ok := strings.Cut(d.who, "/"); ok {
		c = decisionCaller(server, "helper").assume(t, principalARN(role), func(in *sts.AssumeRoleInput) {
			in.RoleSessionName = &session
			if s.question.SessionPolicy != nil {
				text := s.question.SessionPolicy.JSON()
				in.Policy = &text
			}
			for k, v := range s.question.SessionTags {
				in.Tags = append(in.Tags, ststypes.Tag{Key: &k, Value: &v})
			}
		})
	}
	return d.call1(t.Context(), c, s, blob)
}

func (d decision) call1(ctx context.Context, c caller, s scene, blob []byte) error {
	client, id, ec := c.kms(), s.question.Resource, s.question.Context
	switch action := strings.TrimPrefix(s.question.Action, "kms:"); action {
	case "Decrypt":
		return only(client.Decrypt(ctx, &kms.DecryptInput{KeyId: &id, CiphertextBlob: blob, EncryptionContext: ec}))
	case "Encrypt":
		return only(client.Encrypt(ctx, &kms.EncryptInput{KeyId: &id, Plaintext: []byte("x"), EncryptionContext: ec}))
	case "DescribeKey":
		return only(client.DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: &id}))
	case "GenerateDataKey":
		return only(client.GenerateDataKey(ctx, &kms.GenerateDataKeyInput{KeyId: &id, KeySpec: "AES_256", EncryptionContext: ec}))
	case "GenerateDataKeyWithoutPlaintext":
		return only(client.GenerateDataKeyWithoutPlaintext(ctx, &kms.GenerateDataKeyWithoutPlaintextInput{KeyId: &id, KeySpec: "AES_256", EncryptionContext: ec}))
	default:
		return fmt.Errorf("the test does not know %s", action)
	}
}
