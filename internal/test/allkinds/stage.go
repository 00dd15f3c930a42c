// Package allkinds has every key service on one machine, with two keys of each
// kind, and lets each of them fail.
//
//	s, err := allkinds.New(dir)
//	... SOPS with s.Environ() encrypts for s.Keys(keeper.GCP)[0] ...
//	s.Break(keeper.GCP, httpfault.Hang)
//
// Tests prove with it that keys of different kinds do not hinder each other;
// internal/test/bench/faults measures it.
package allkinds

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/seed-1f7fdfb8/sops/devkms"
	"github.com/seed-1f7fdfb8/sops/internal/test/azuretest"
	"github.com/seed-1f7fdfb8/sops/internal/test/gcptest"
	"github.com/seed-1f7fdfb8/sops/internal/test/httpfault"
	"github.com/seed-1f7fdfb8/sops/internal/test/huaweitest"
	"github.com/seed-1f7fdfb8/sops/internal/test/pgptest"
	"github.com/seed-1f7fdfb8/sops/internal/test/vaulttest"
	"github.com/seed-1f7fdfb8/sops/keeper"
	"github.com/seed-1f7fdfb8/sops/keeper/age"
	"github.com/seed-1f7fdfb8/sops/keeper/kinds"
)

// A Stage is a directory with credentials, and the services they are for.
type Stage struct {
	Dir    string
	aws    *devkms.Server
	gcp    *gcptest.Server
	azure  *azuretest.Server
	vault  *vaulttest.Server
	huawei *huaweitest.Server
	keys   map[string][]keeper.MasterKey
	right  map[string][]string // what makes the keys of a kind usable
	wrong  map[string][]string // what comes instead, so that they are refused
	common []string
}

// New starts the services, with files in dir, which must exist.
func New(dir string) (*Stage, error) {
	s := &Stage{Dir: dir, keys: map[string][]keeper.MasterKey{}, right: map[string][]string{}, wrong: map[string][]string{}}
	s.common = []string{"HOME=" + dir, "XDG_CONFIG_HOME=" + dir, "APPDATA=" + dir, "SOPS_GPG_EXEC=no-such-gpg"}
	for _, open := range []func() error{s.openAWS, s.openGCP, s.openAzure, s.openVault, s.openHuawei, s.openPGP, s.openAge} {
		if err := open(); err != nil {
			return nil, errors.Join(err, s.Close())
		}
	}
	return s, nil
}

// Close ends the services.
func (s *Stage) Close() (err error) {
	if s.aws != nil {
		err = s.aws.Close()
	}
	if s.gcp != nil {
		s.gcp.Close()
	}
	if s.azure != nil {
		s.azure.Close()
	}
	if s.vault != nil {
		s.vault.Close()
	}
	if s.huawei != nil {
		s.huawei.Close()
	}
	return err
}

// Keys returns the keys of a kind.
func (s *Stage) Keys(kind string) []keeper.MasterKey { return s.keys[kind] }

// Environ returns the variables with which the keys of all kinds can be used but
// for those of some kinds, which their services refuse.
func (s *Stage) Environ(but ...string) []string {
	vars := slices.Clone(s.common)
	for _, kind := range kinds.Names() {
		if slices.Contains(but, kind) {
			vars = append(vars, s.wrong[kind]...)
		} else {
			vars = append(vars, s.right[kind]...)
		}
	}
	return vars
}

// add notes the keys of a kind, as flags name them.
func (s *Stage) add(kind string, names ...string) error {
	for _, name := range names {
		keys, err := kinds.ByName(kind).Parse(name)
		if err != nil {
			return err
		}
		s.keys[kind] = append(s.keys[kind], keys...)
	}
	return nil
}

// write writes a file of the stage and returns its path.
func (s *Stage) write(name string, src []byte) (string, error) {
	path := filepath.Join(s.Dir, name)
	return path, os.WriteFile(path, src, 0o600)
}

func (s *Stage) openAWS() (err error) {
	if s.aws, err = devkms.New(devkms.Options{World: devkms.BuiltinWorld()}); err != nil {
		return err
	}
	if _, err = s.aws.Listen(); err != nil {
		return err
	}
	vars, err := s.aws.Environ(filepath.Join(s.Dir, "aws"))
	if err != nil {
		return err
	}
	for _, v := range vars {
		if !strings.HasPrefix(v, "AWS_SECRET_ACCESS_KEY=") {
			s.common = append(s.common, v)
			continue
		}
		s.right[keeper.KMS] = []string{v}
	}
	s.wrong[keeper.KMS] = []string{"AWS_SECRET_ACCESS_KEY=wrong"}
	const prefix = ":111111111111:key/11111111-1111-4111-8111-00000000000"
	return s.add(keeper.KMS, "arn:aws:kms:us-east-1"+prefix+"1", "arn:aws:kms:eu-west-1"+prefix+"2")
}

func (s *Stage) openGCP() (err error) {
	if s.gcp, err = gcptest.New(); err != nil {
		return err
	}
	file, err := s.write("sa.json", s.gcp.ServiceAccount())
	s.common = append(s.common, "SOPS_GCP_KMS_ENDPOINT="+s.gcp.URL(), "GCE_METADATA_HOST="+s.gcp.MetadataHost())
	s.right[keeper.GCP] = []string{"GOOGLE_APPLICATION_CREDENTIALS=" + file}
	s.wrong[keeper.GCP] = []string{"GOOGLE_OAUTH_ACCESS_TOKEN=wrong"}
	return errors.Join(err, s.add(keeper.GCP, gcptest.Key, gcptest.Other))
}

func (s *Stage) openAzure() (err error) {
	if s.azure, err = azuretest.New(); err != nil {
		return err
	}
	file, err := s.write("azure.pem", s.azure.Authority())
	s.common = append(s.common, "HTTPS_PROXY="+s.azure.Proxy(), "SSL_CERT_FILE="+file,
		"AZURE_TENANT_ID="+azuretest.Tenant, "AZURE_CLIENT_ID="+azuretest.App)
	s.right[keeper.Azure] = []string{"AZURE_CLIENT_SECRET=" + azuretest.Secret}
	s.wrong[keeper.Azure] = []string{"AZURE_CLIENT_SECRET=wrong"}
	return errors.Join(err, s.add(keeper.Azure, azuretest.Vault+"/keys/"+azuretest.Key, azuretest.OtherVault+"/keys/"+azuretest.Key))
}

func (s *Stage) openVault() error {
	s.vault = vaulttest.New()
	s.vault.AddKey("transit", "app", vaulttest.AES)
	s.vault.AddKey("transit", "other", vaulttest.AES)
	s.right[keeper.Vault] = []string{"VAULT_TOKEN=" + s.vault.Token(vaulttest.All())}
	s.wrong[keeper.Vault] = []string{"VAULT_TOKEN=wrong"}
	return s.add(keeper.Vault, s.vault.KeyURL("transit", "app"), s.vault.KeyURL("transit", "other"))
}

func (s *Stage) openHuawei() error {
	s.huawei = huaweitest.New("eu-west-101")
	ak, sk := s.huawei.User("user", "kms:cmk:encryptData", "kms:cmk:decryptData")
	s.common = append(s.common, "HUAWEICLOUD_SDK_REGION_KMS_EU_WEST_101="+s.huawei.URL, "HUAWEICLOUD_SDK_IAM_ENDPOINT="+s.huawei.URL,
		"HUAWEICLOUD_SDK_PROJECT_ID="+huaweitest.Project, "SOPS_HUAWEICLOUD_METADATA=none", "HUAWEICLOUD_SDK_AK="+ak)
	s.right[keeper.HCKMS] = []string{"HUAWEICLOUD_SDK_SK=" + sk}
	s.wrong[keeper.HCKMS] = []string{"HUAWEICLOUD_SDK_SK=wrong"}
	return s.add(keeper.HCKMS, s.huawei.Name(s.huawei.AddKey()), s.huawei.Name(s.huawei.AddKey()))
}

// openPGP has the keys in a file, so that they need no gpg.
func (s *Stage) openPGP() error {
	mine, err := s.write("keys.asc", slices.Concat(pgptest.Key("plain"), pgptest.Key("two")))
	other, err2 := s.write("other.asc", pgptest.Key("other"))
	s.right[keeper.PGP] = []string{"SOPS_PGP_KEYRING=" + mine}
	s.wrong[keeper.PGP] = []string{"SOPS_PGP_KEYRING=" + other}
	return errors.Join(err, err2, s.add(keeper.PGP, pgptest.Plain, pgptest.Two))
}

// openAge has no wrong identity: age encrypts without any.
func (s *Stage) openAge() error {
	var all []byte
	for range 2 {
		file, recipient, err := age.Generate(time.Now(), false)
		if err != nil {
			return err
		}
		all = append(all, file...)
		if err := s.add(keeper.Age, recipient); err != nil {
			return err
		}
	}
	file, err := s.write("age.txt", all)
	s.right[keeper.Age] = []string{"SOPS_AGE_KEY_FILE=" + file}
	return err
}

// Transport makes the connections of a program that runs in this process, as
// HTTPS_PROXY and SSL_CERT_FILE do for one that does not.
func (s *Stage) Transport() (*http.Transport, error) {
	proxy, err := url.Parse(s.azure.Proxy())
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(s.azure.Authority())
	return &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
		Proxy: func(r *http.Request) (*url.URL, error) {
			if r.URL.Scheme == "https" {
				return proxy, nil
			}
			return nil, nil
		},
	}, nil
}

// Break lets the service of a kind fail in every call. Keys of age and PGP have
// none.
func (s *Stage) Break(kind string, mode httpfault.Mode) {
	if kind == keeper.KMS {
		s.aws.SetFault(devkms.Fault{Mode: devkms.FaultMode(mode)})
		return
	}
	if faults := s.faults(kind); faults != nil {
		faults.Set(httpfault.Fault{Mode: mode})
	}
}

// Mend lets the service of a kind work again.
func (s *Stage) Mend(kind string) {
	if kind == keeper.KMS {
		s.aws.ClearFaults()
		return
	}
	if faults := s.faults(kind); faults != nil {
		faults.Clear()
	}
}

func (s *Stage) faults(kind string) *httpfault.Switch {
	return map[string]*httpfault.Switch{
		keeper.GCP: s.gcp.Faults, keeper.Azure: s.azure.Faults, keeper.Vault: s.vault.Faults, keeper.HCKMS: s.huawei.Faults,
	}[kind]
}

// Unwraps returns how often each service was asked to decrypt since it was last
// asked, by kind; those that were not are left out.
func (s *Stage) Unwraps() map[string]int {
	n := map[string]int{}
	for _, c := range s.aws.Calls() {
		if c.Operation == "Decrypt" {
			n[keeper.KMS]++
		}
	}
	s.aws.ResetCalls()
	for _, kind := range kinds.Names() {
		if faults := s.faults(kind); faults != nil {
			for _, call := range faults.Calls() {
				if strings.Contains(call, "decrypt") {
					n[kind]++
				}
			}
		}
	}
	return n
}

// Complaints returns what the services found wrong with requests: nothing, if
// they came of correct clients.
func (s *Stage) Complaints() []string {
	return slices.Concat(s.vault.Complaints(), s.huawei.Complaints(), s.azure.Leaks())
}
