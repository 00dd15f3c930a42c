package sops_test

import (
	"strings"
	"testing"
	"time"

	"github.com/seed-1f7fdfb8/sops"
	"github.com/seed-1f7fdfb8/sops/internal/rule"
	"github.com/seed-1f7fdfb8/sops/key"
)

// lastmodified that means the same instant in another offset.
func TestAttackSameInstantOtherOffset(t *testing.T) {
	f := formatFor(t, "x.yaml")
	o, sealed := seal(t, f, []byte("a: x\nb: &x y\nc: *x\n"))
	text := strings.Replace(string(sealed), "\"2024-05-06T07:08:09Z\"", "\"2024-05-06T09:08:09+02:00\"", 1)
	if text == string(sealed) {
		t.Fatal(text)
	}
	s, err := sops.Read([]byte(text), f)
	if err != nil {
		t.Fatal(err)
	}
	back, err := s.OpenWith(o.Data, sops.OpenOptions{IgnoreMAC: true})
	if err != nil {
		t.Fatal(err)
	}
	out, err := back.Seal(sealOptions())
	if err != nil {
		t.Fatal(err)
	}
	s, err = sops.Read(out, f)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.OpenWith(o.Data, sops.OpenOptions{}); err != nil {
		t.Errorf("we wrote what we cannot open: %v", err)
	}
}

// mac_only_encrypted: an empty secret is neither in the MAC nor in the seal.
func TestAttackMACOnlyEmptySecret(t *testing.T) {
	f := formatFor(t, "x.yaml")
	o, err := sops.New(t.Context(), []byte("a: x\npassword: \"\"\nl_unencrypted: 1\n"), f, sops.Plan{
		Groups: [][]key.MasterKey{{key.New(key.Age, "recipient", "r")}}, Random: zeros{}, MACOnlyEncrypted: true, Selection: rule.Rule{UnencryptedSuffix: "_unencrypted"},
	}, memoryKeeper{})
	if err != nil {
		t.Fatal(err)
	}
	out, err := o.Seal(sops.SealOptions{Now: time.Unix(1e9, 0), Random: zeros{}})
	if err != nil {
		t.Fatal(err)
	}
	for _, by := range []string{"", "password: null\n", "password: {}\n", "password: \"\"\nadmin: \"\"\n"} {
		text := strings.Replace(string(out), "password: \"\"\n", by, 1)
		s, err := sops.Read([]byte(text), f)
		if err != nil {
			t.Fatal(err)
		}
		_, err = s.OpenWith(o.Data, sops.OpenOptions{})
		t.Logf("%q: %v", by, err)
	}
}
