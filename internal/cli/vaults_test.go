package cli_test

import (
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/seed-1f7fdfb8/sops/internal/test/huaweitest"
	"github.com/seed-1f7fdfb8/sops/internal/test/vaulttest"
)

type (
	vaultValue  struct{}
	huaweiValue struct{}
)

// vaultServer is a Vault of the script, which the first use starts:
//
//	vault                       keys $VAULT and $VAULT2 of the server $VAULT_URL, and a token for everything in $VAULT_TOKEN
//	vault policy [PATH...]      a token in $VAULT_TOKEN that may update these paths alone
//	vault seal, vault unseal
//	vault rotate                gives $VAULT a new version
//	vault store MOUNT VERSION, vault secret MOUNT PATH FILE, vault write MOUNT PATH JSON, vault delete MOUNT PATH
//	vault fault [PATH] MODE     makes it fail, as package httpfault says; "vault mend" ends that
//	vault well                  fails if a request was not as it must be
func vaultServer(ts *testscript.TestScript, neg bool, args []string) {
	s, ok := ts.Value(vaultValue{}).(**vaulttest.Server)
	if neg || !ok {
		ts.Fatalf("usage: vault [policy|seal|unseal|rotate|fault|mend|well] ...")
	}
	if *s == nil {
		*s = vaulttest.New()
		ts.Defer((*s).Close)
		(*s).AddKey("transit", "app", vaulttest.AES)
		(*s).AddKey("transit", "other", vaulttest.AES)
		ts.Setenv("VAULT_URL", (*s).URL)
		ts.Setenv("VAULT", (*s).KeyURL("transit", "app"))
		ts.Setenv("VAULT2", (*s).KeyURL("transit", "other"))
		ts.Setenv("VAULT_TOKEN", (*s).Token(vaulttest.All()))
	}
	switch words := strings.Join(args, " "); {
	case words == "", vaultStore(ts, *s, args):
	case words == "seal" || words == "unseal":
		(*s).Seal(words == "seal")
	case words == "rotate":
		(*s).RotateKey("transit", "app")
	case words == "well":
		complain(ts, (*s).Complaints())
	case args[0] == "policy":
		p := vaulttest.Policy{}
		for _, path := range args[1:] {
			p[path] = []string{"update"}
		}
		ts.Setenv("VAULT_TOKEN", (*s).Token(p))
	default:
		setFault(ts, (*s).Faults, args)
	}
}

// hckms is a Huawei Cloud KMS of the script, which the first use starts:
//
//	hckms                       keys $HCKMS and $HCKMS2, and the access key of a user who may use them
//	hckms may [ACTION...]       the access key of a user who may do this alone
//	hckms disable, hckms enable the key $HCKMS
//	hckms fault [PATH] MODE     makes it fail, as package httpfault says; "hckms mend" ends that
//	hckms well                  fails if a request was not as it must be
func hckms(ts *testscript.TestScript, neg bool, args []string) {
	s, ok := ts.Value(huaweiValue{}).(**huaweitest.Server)
	if neg || !ok {
		ts.Fatalf("usage: hckms [may|disable|enable|fault|mend|well] ...")
	}
	may := func(actions ...string) {
		ak, sk := (*s).User("user", actions...)
		ts.Setenv("HUAWEICLOUD_SDK_AK", ak)
		ts.Setenv("HUAWEICLOUD_SDK_SK", sk)
	}
	if *s == nil {
		const region = "eu-west-101"
		*s = huaweitest.New(region)
		ts.Defer((*s).Close)
		ts.Setenv("HCKMS", (*s).Name((*s).AddKey()))
		ts.Setenv("HCKMS2", (*s).Name((*s).AddKey()))
		ts.Setenv("HUAWEICLOUD_SDK_REGION_KMS_EU_WEST_101", (*s).URL)
		ts.Setenv("HUAWEICLOUD_SDK_IAM_ENDPOINT", (*s).URL)
		ts.Setenv("HUAWEICLOUD_SDK_PROJECT_ID", huaweitest.Project)
		ts.Setenv("SOPS_HUAWEICLOUD_METADATA", "none")
		may("kms:cmk:encryptData", "kms:cmk:decryptData")
	}
	_, id, _ := strings.Cut(ts.Getenv("HCKMS"), ":")
	switch words := strings.Join(args, " "); {
	case words == "":
	case words == "disable":
		(*s).SetState(id, huaweitest.Disabled)
	case words == "enable":
		(*s).SetState(id, huaweitest.Enabled)
	case words == "well":
		complain(ts, (*s).Complaints())
	case args[0] == "may":
		may(args[1:]...)
	default:
		setFault(ts, (*s).Faults, args)
	}
}

func complain(ts *testscript.TestScript, all []string) {
	if len(all) > 0 {
		ts.Fatalf("requests were not as they must be: %q", all)
	}
}
