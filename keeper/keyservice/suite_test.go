package keyservice_test

import (
	"context"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/seed-1f7fdfb8/sops/internal/env"
	"github.com/seed-1f7fdfb8/sops/internal/keyserver"
	"github.com/seed-1f7fdfb8/sops/internal/test/keepertest"
	"github.com/seed-1f7fdfb8/sops/keeper"
	"github.com/seed-1f7fdfb8/sops/keeper/age"
	"github.com/seed-1f7fdfb8/sops/keeper/age/agekey"
	"github.com/seed-1f7fdfb8/sops/keeper/keyservice"
)

const keys = "../../internal/test/golden/keys/"

// serve starts a key service with the identities of a file.
func serve(t *testing.T, k keeper.Keeper) *keyservice.Keeper {
	t.Helper()
	l, err := keyserver.Listen(t.Context(), keyserver.Place{Network: "tcp", Address: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- keyserver.New(keyserver.Options{Keeper: k}).Serve(ctx, l) }()
	client := ask(t, "tcp://"+l.Addr().String())
	t.Cleanup(func() {
		client.Close()
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return client
}

func ask(t *testing.T, uri string) *keyservice.Keeper {
	t.Helper()
	a, err := keyservice.ParseAddress(uri, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return keyservice.New(a, keyservice.Options{Connect: time.Second})
}

func identities(t *testing.T, name string) keeper.Keeper {
	t.Helper()
	path, err := filepath.Abs(keys + name)
	if err != nil {
		t.Fatal(err)
	}
	return keeper.NewMux(age.New(age.Options{Env: env.Map(map[string]string{"SOPS_AGE_KEY_FILE": path})}))
}

// ofAge is asked for keys of age alone.
type ofAge struct{ *keyservice.Keeper }

func (ofAge) Kind() string { return keeper.Age }

func TestKeeper(t *testing.T) {
	t.Parallel()
	recipient := func(text string) keeper.MasterKey { return agekey.Kind().Key(agekey.FieldRecipient, text) }
	keepertest.Run(t, keepertest.Case{
		New:      func(t *testing.T) keeper.Keeper { return ofAge{serve(t, identities(t, "age-all-three.txt"))} },
		Key:      recipient("age1ym9y2kmj7n2sw2jmpapp2qvmxa25c6xrmp2e38s4wvw7naq0tskqzu3dsz"),
		Other:    recipient("age15xqkuy709wy2qcrczm4h97t8dzfhktftnzyt4c5qdky0jdkq9pvq99kwyc"),
		Stranger: func(t *testing.T) keeper.Keeper { return ofAge{serve(t, identities(t, "age-outsider.txt"))} },
		Samples:  10,
	})
}

// odd is a keeper that answers with whatever it holds.
type odd struct{ enc, data string }

func (odd) Kind() string { return "" }

func (o odd) Wrap(_ context.Context, m keeper.MasterKey, _ keeper.Data) (keeper.WrappedKey, error) {
	return keeper.WrappedKey{MasterKey: m, Enc: o.enc}, nil
}

func (o odd) Unwrap(context.Context, keeper.WrappedKey) (keeper.Data, error) {
	return keeper.NewData([]byte(o.data)), nil
}

func TestWhatIsNoKeyIsNotTaken(t *testing.T) {
	t.Parallel()
	d := keeper.NewData(make([]byte, keeper.Size))
	for _, o := range []odd{
		{"", ""},
		{"x", "short"},
		{"vault:v1:\n", strings.Repeat("k", keeper.Size+2)},
		{"-----BEGIN AGE ENCRYPTED FILE-----\n\x1b[2J\n-----END AGE ENCRYPTED FILE-----", strings.Repeat("k", 1000)},
		{"a b", strings.Repeat("k", keeper.Size-1)},
		{"\xff\xfe", ""},
	} {
		k := serve(t, o)
		for _, kind := range []string{keeper.KMS, keeper.Age, keeper.PGP, keeper.Vault, keeper.GCP, keeper.Azure, keeper.HCKMS} {
			if kind == keeper.KMS && o.enc == "x" {
				continue // one letter of base64
			}
			if w, err := k.Wrap(t.Context(), keeper.Undescribed(kind), d); err == nil || !strings.Contains(err.Error(), "key service tcp://127.0.0.1:") {
				t.Errorf("%s: %q: %v", kind, w.Enc, err)
			}
		}
		if got, err := k.Unwrap(t.Context(), keeper.WrappedKey{MasterKey: keeper.Undescribed(keeper.Age), Enc: "x"}); err == nil {
			t.Errorf("%d bytes are taken for a data key", got.Len())
		}
	}
}

func TestADeadServiceIsPassedOverInTime(t *testing.T) {
	t.Parallel()
	silent, err := net.Listen("tcp", "127.0.0.1:0") // takes connections and says nothing
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	for uri, want := range map[string]string{
		"tcp://127.0.0.1:1":               "nothing listens there",
		"unix:///no/such/socket":          "there is no such socket",
		"tcp://" + silent.Addr().String(): "deadline exceeded",
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		_, err := ask(t, uri).Unwrap(ctx, keeper.WrappedKey{MasterKey: keeper.Undescribed(keeper.Age), Enc: "x"})
		cancel()
		if err == nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), "key service "+uri+": ") {
			t.Errorf("%s: %v", uri, err)
		}
	}
}

func TestAddresses(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"tcp://127.0.0.1:5000": "tcp 127.0.0.1:5000", "tcp6://[::1]:5000": "tcp6 [::1]:5000", "tcp://h:1/": "tcp h:1",
		"unix:///run/k.sock": "unix /run/k.sock", "unix:/run/k.sock": "unix /run/k.sock", "unix:k.sock": "unix /dir/k.sock", "unix://k.sock": "unix /dir/k.sock",
		"tls://h:1": "tcp h:1", "tls://h:1?ca=a&cert=/c&key=k": "tcp h:1",
		"": "", "h:1": "", "http://h:1": "", "tcp://": "", "tcp://h": "", "tcp://:1": "", "tcp://h:1/x": "", "tcp://u@h:1": "", "tcp://h:1?ca=x": "",
		"tcp://%zz": "", "unix://": "", "unix:": "", "tls://h:1?cert=c": "", "tls://h:1?other=c": "", "tls://h:1?ca=": "", "tls://h:1?ca=a&ca=b": "", "tls://h:1#x": "",
	} {
		a, err := keyservice.ParseAddress(text, "/dir")
		got := ""
		if err == nil {
			got = a.Network + " " + a.Target
		}
		if got != want {
			t.Errorf("%q: %q, %v, want %q", text, got, err, want)
		}
	}
}
