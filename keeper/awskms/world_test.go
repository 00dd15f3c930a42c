package awskms

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/seed-1f7fdfb8/sops/devkms"
	"github.com/seed-1f7fdfb8/sops/internal/env"
	"github.com/seed-1f7fdfb8/sops/keeper"
)

// TestMain sees to it that nothing leaves the machine, whatever a test forgets.
func TestMain(m *testing.M) {
	if os.Getenv(childKey) != "" {
		os.Exit(child())
	}
	for name, value := range map[string]string{
		"AWS_EC2_METADATA_DISABLED": "true", "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
		"AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull,
	} {
		if err := os.Setenv(name, value); err != nil {
			panic(err)
		}
	}
	os.Exit(m.Run())
}

// The people, roles and keys of the test world. Account 1 is where alice and
// bob live, account 2 is reached by roles only.
const (
	account1, account2 = "111111111111", "222222222222"

	alice = "arn:aws:iam::111111111111:user/alice" // may use the keys of account 1
	bob   = "arn:aws:iam::111111111111:user/bob"   // may not, but may be what alice may be

	key1     = "arn:aws:kms:us-east-1:111111111111:key/11111111-0000-0000-0000-000000000001"
	key2     = "arn:aws:kms:us-east-1:111111111111:key/11111111-0000-0000-0000-000000000002"
	key3     = "arn:aws:kms:us-east-1:111111111111:key/11111111-0000-0000-0000-000000000003"
	keyWest  = "arn:aws:kms:eu-west-1:111111111111:key/11111111-0000-0000-0000-000000000004"
	disabled = "arn:aws:kms:us-east-1:111111111111:key/11111111-0000-0000-0000-000000000005"
	deleted  = "arn:aws:kms:us-east-1:111111111111:key/11111111-0000-0000-0000-000000000006"
	absent   = "arn:aws:kms:us-east-1:111111111111:key/11111111-0000-0000-0000-00000000000f"
	multi    = "arn:aws:kms:us-east-1:111111111111:key/mrk-00000000000000000000000000000001"
	alias1   = "arn:aws:kms:us-east-1:111111111111:alias/one"
	bound    = "arn:aws:kms:us-east-1:111111111111:key/11111111-0000-0000-0000-000000000007"
	foreign  = "arn:aws:kms:us-east-1:222222222222:key/22222222-0000-0000-0000-000000000001"

	ops      = "arn:aws:iam::111111111111:role/ops"      // alice, bob and ops itself may not; alice and bob may
	refusing = "arn:aws:iam::111111111111:role/refusing" // which trusts only root
	guest    = "arn:aws:iam::222222222222:role/guest"    // with an external id
	inner    = "arn:aws:iam::222222222222:role/inner"    // from guest only
	vault    = "arn:aws:iam::111111111111:role/vault"    // with MFA

	device, code = "arn:aws:iam::111111111111:mfa/alice", "123456"
)

func policy(t testing.TB, statements ...string) *devkms.Policy {
	t.Helper()
	p, err := devkms.ParsePolicy(`{"Version":"2012-10-17","Statement":[` + strings.Join(statements, ",") + `]}`)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func trust(t testing.TB, who, condition string) *devkms.Policy {
	if condition != "" {
		condition = `,"Condition":` + condition
	}
	return policy(t, fmt.Sprintf(`{"Effect":"Allow","Principal":{"AWS":%s},"Action":["sts:AssumeRole","sts:TagSession"]%s}`, who, condition))
}

func world(t testing.TB) *devkms.World {
	const useKeys = `{"Effect":"Allow","Action":["kms:Encrypt","kms:Decrypt","kms:DescribeKey","kms:UpdateAlias"],"Resource":"*"}`
	const becomeAnyone = `{"Effect":"Allow","Action":"sts:*","Resource":"*"}`
	all := []*devkms.Policy{policy(t, useKeys, becomeAnyone)}
	people := `["` + alice + `","` + bob + `"]`
	id := func(arn string) string { return arn[strings.LastIndex(arn, "/")+1:] }
	return &devkms.World{
		Regions: []string{"us-east-1", "eu-west-1"},
		Accounts: []devkms.Account{{
			ID: account1,
			Users: []devkms.User{
				{
					Name: "alice", Access: devkms.AccessKey{ID: "AKIAALICE0000000", Secret: "alice"},
					Policies: all, MFA: &devkms.MFA{Serial: device, Code: code},
				},
				{Name: "bob", Access: devkms.AccessKey{ID: "AKIABOB000000000", Secret: "bob"}, Policies: []*devkms.Policy{policy(t, becomeAnyone)}},
			},
			Roles: []devkms.Role{
				{Name: "ops", Trust: trust(t, people, ""), Policies: []*devkms.Policy{policy(t, useKeys)}},
				{Name: "refusing", Trust: trust(t, `"arn:aws:iam::222222222222:role/inner"`, ""), Policies: all},
				{Name: "vault", Trust: trust(t, people, `{"Bool":{"aws:MultiFactorAuthPresent":"true"}}`), Policies: all},
			},
			Keys: []devkms.Key{
				{ID: id(key1), Aliases: []string{"alias/one"}},
				{ID: id(key2)},
				{ID: id(key3)},
				{ID: id(keyWest), Regions: []string{"eu-west-1"}},
				{ID: id(disabled), State: "Disabled"},
				{ID: id(deleted), State: "PendingDeletion"},
				{ID: id(multi), Regions: []string{"us-east-1", "eu-west-1"}},
				{ID: id(bound), Policy: policy(t, `{"Effect":"Allow","Principal":{"AWS":"`+alice+`"},"Action":"kms:*","Resource":"*",
					"Condition":{"StringEquals":{"kms:EncryptionContext:AppName":"ExampleApp"}}}`)},
			},
		}, {
			ID: account2,
			Roles: []devkms.Role{
				{Name: "guest", Trust: trust(t, people, `{"StringEquals":{"sts:ExternalId":"shared-word"}}`), Policies: []*devkms.Policy{policy(t, becomeAnyone)}},
				{Name: "inner", Trust: trust(t, `"`+guest+`"`, ""), Policies: all},
			},
			Keys: []devkms.Key{{ID: id(foreign)}},
		}},
	}
}

const profiles = `
[profile alice]
aws_access_key_id = AKIAALICE0000000
aws_secret_access_key = alice

[profile bob]
aws_access_key_id = AKIABOB000000000
aws_secret_access_key = bob

[profile stranger]
aws_access_key_id = AKIASTRANGER0000
aws_secret_access_key = stranger

[profile ops]
role_arn = ` + ops + `
source_profile = bob
region = eu-west-1

[profile vault]
role_arn = ` + vault + `
source_profile = alice
mfa_serial = ` + device + `

[profile sso]
sso_start_url = https://example.invalid/start
sso_region = us-east-1
sso_account_id = 111111111111
sso_role_name = dev

[profile failing]
credential_process = false

[profile leaking]
credential_process = echo not-json-SECRET

[profile hanging]
credential_process = exec 2>/dev/null; sleep 10
`

// A rig is a machine with the profiles above, and the world that it sees.
type rig struct {
	t      testing.TB
	server *devkms.Server
	dir    string
	vars   map[string]string
	o      Options
	warned []string
}

func newRig(t testing.TB) *rig {
	t.Helper()
	r := &rig{t: t, server: devkms.Start(t, world(t)), dir: t.TempDir()}
	r.vars = map[string]string{
		"HOME":                        r.dir,
		"XDG_CONFIG_HOME":             r.dir,
		"AWS_CONFIG_FILE":             r.write("config", profiles),
		"AWS_SHARED_CREDENTIALS_FILE": filepath.Join(r.dir, "credentials"),
		"AWS_ENDPOINT_URL":            r.server.URL(),
		"AWS_EC2_METADATA_DISABLED":   "true",
	}
	r.o = Options{HostName: "ip-10-0-0-1", Attempt: 20 * time.Second, Warn: func(msg string) { r.warned = append(r.warned, msg) }}
	return r
}

func (r *rig) write(name, text string) string {
	r.t.Helper()
	path := filepath.Join(r.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		r.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		r.t.Fatal(err)
	}
	return path
}

// as gives the machine the credentials of a user in its environment.
func (r *rig) as(user string) *rig {
	r.vars["AWS_ACCESS_KEY_ID"] = (strings.ToUpper("AKIA"+user) + "0000000000")[:16]
	r.vars["AWS_SECRET_ACCESS_KEY"] = user
	return r
}

func (r *rig) set(name, value string) *rig {
	r.vars[name] = value
	return r
}

// mapped writes the user's map.
func (r *rig) mapped(src string) *rig {
	r.write("sops/aws.yaml", src)
	return r
}

// keeper returns a keeper for a new run on the machine.
func (r *rig) keeper() *Keeper {
	o := r.o
	o.Env = env.Map(maps.Clone(r.vars))
	return New(o)
}

// calls returns what the world was asked so far, as "Operation as user or
// role", and forgets it.
func (r *rig) calls() []string {
	var all []string
	for _, c := range r.server.Calls() {
		who := c.Principal[strings.LastIndex(c.Principal, ":")+1:]
		call := c.Operation + " as " + who
		if c.ErrorCode != "" {
			call += ": " + c.ErrorCode
		}
		all = append(all, call)
	}
	r.server.ResetCalls()
	return all
}

func dataKey() keeper.Data { return keeper.NewData([]byte("0123456789abcdef0123456789abcdef")) }

// wrapped returns the data key under m, wrapped by alice or, in account 2, by
// inner, whatever the machine of r may do.
func (r *rig) wrapped(m keeper.MasterKey) keeper.WrappedKey {
	r.t.Helper()
	writer := *r
	writer.o, writer.vars = Options{}, map[string]string{"AWS_ENDPOINT_URL": r.server.URL()}
	plain := keeper.New(keeper.KMS, "arn", m.Text("arn")).With("context", m.Map("context"))
	w, err := writer.as("alice").keeper().Wrap(r.t.Context(), plain, dataKey())
	if err != nil {
		r.t.Fatal(err)
	}
	r.server.ResetCalls()
	return keeper.WrappedKey{MasterKey: m, Enc: w.Enc, Created: w.Created}
}
