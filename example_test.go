package sops_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"strings"

	filippo "filippo.io/age"

	"github.com/seed-1f7fdfb8/sops"
	"github.com/seed-1f7fdfb8/sops/keeper"
	"github.com/seed-1f7fdfb8/sops/keeper/age"
	"github.com/seed-1f7fdfb8/sops/keeper/age/agekey"
	"github.com/seed-1f7fdfb8/sops/std"
	"github.com/seed-1f7fdfb8/sops/tree"
)

const plain = `# settings of the application
db:
    user: admin
    password: "s3cret"   # change me
`

// recipient makes an age key, puts it where it is looked for, and returns its
// recipient.
func recipient() []keeper.MasterKey {
	id, err := filippo.GenerateX25519Identity()
	if err != nil {
		log.Fatal(err)
	}
	os.Setenv("SOPS_AGE_KEY", id.String())
	keys, err := agekey.Parse(id.Recipient().String())
	if err != nil {
		log.Fatal(err)
	}
	return keys
}

// encrypted returns plain encrypted for keys.
func encrypted(keys []keeper.MasterKey) []byte {
	f, _ := std.FormatForPath("app.yaml")
	d, err := sops.New(context.Background(), []byte(plain), f, age.New(age.Options{}), keeper.To(keys...))
	if err != nil {
		log.Fatal(err)
	}
	out, err := d.Encrypt()
	if err != nil {
		log.Fatal(err)
	}
	return out
}

func ExampleNew() {
	f, _ := std.FormatForPath("app.yaml")
	k := age.New(age.Options{})
	d, err := sops.New(context.Background(), []byte(plain), f, k, keeper.To(recipient()...),
		sops.WithRule(sops.Rule{EncryptedRegex: "password"}))
	if err != nil {
		log.Fatal(err)
	}
	out, err := d.Encrypt()
	if err != nil {
		log.Fatal(err)
	}
	lines := strings.Split(string(out), "\n")
	fmt.Println(lines[2])
	fmt.Println(strings.Contains(lines[3], "s3cret"))
	// Output:
	//     user: admin
	// false
}

func ExampleParse() {
	src := encrypted(recipient())
	f, _ := std.FormatForPath("app.yaml")
	e, err := sops.Parse(src, f)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(e.Info().Version, len(e.Keys().Groups))

	_, err = sops.Parse([]byte(plain), f)
	fmt.Println(errors.Is(err, sops.ErrNotEncrypted))
	// Output:
	// 3.13.3 1
	// true
}

func ExampleEncrypted_Decrypt() {
	src := encrypted(recipient())
	f, _ := std.FormatForPath("app.yaml")
	e, err := sops.Parse(src, f)
	if err != nil {
		log.Fatal(err)
	}
	d, err := e.Decrypt(context.Background(), age.New(age.Options{}))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Print(string(d.Bytes()))
	// Output:
	// # settings of the application
	// db:
	//     user: admin
	//     password: "s3cret"   # change me
}

func ExampleDecrypted_Set() {
	src := encrypted(recipient())
	f, _ := std.FormatForPath("app.yaml")
	e, err := sops.Parse(src, f)
	if err != nil {
		log.Fatal(err)
	}
	d, err := e.Decrypt(context.Background(), age.New(age.Options{}))
	if err != nil {
		log.Fatal(err)
	}
	at, err := tree.ParseAddress(`["db"]["password"]`)
	if err != nil {
		log.Fatal(err)
	}
	if err := d.Set(at, tree.Text("n3w")); err != nil {
		log.Fatal(err)
	}
	fmt.Print(string(d.Bytes()))
	out, err := d.Encrypt()
	if err != nil {
		log.Fatal(err)
	}
	before, after := strings.Split(string(src), "\n"), strings.Split(string(out), "\n")
	fmt.Println(before[2] == after[2], before[3] == after[3])
	// Output:
	// # settings of the application
	// db:
	//     user: admin
	//     password: "n3w"   # change me
	// true false
}

func ExampleDecrypted_Rotate() {
	src := encrypted(recipient())
	f, _ := std.FormatForPath("app.yaml")
	e, err := sops.Parse(src, f)
	if err != nil {
		log.Fatal(err)
	}
	k := age.New(age.Options{})
	d, err := e.Decrypt(context.Background(), k)
	if err != nil {
		log.Fatal(err)
	}
	colleague := recipient()
	if err := d.Rotate(context.Background(), k, keeper.To(colleague...)); err != nil {
		log.Fatal(err)
	}
	out, err := d.Encrypt()
	if err != nil {
		log.Fatal(err)
	}
	e, err = sops.Parse(out, f)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(e.Keys().Groups[0][0].Identity() == colleague[0].Identity())
	// Output: true
}

// A file that another program changed is an error before any plaintext is given
// out.
func Example_errors() {
	src := strings.Replace(string(encrypted(recipient())), "db:", "dc:", 1)
	f, _ := std.FormatForPath("app.yaml")
	e, err := sops.Parse([]byte(src), f)
	if err != nil {
		log.Fatal(err)
	}
	_, err = e.Decrypt(context.Background(), age.New(age.Options{}))
	fmt.Println(err)

	os.Setenv("SOPS_AGE_KEY", "")
	_, err = e.Decrypt(context.Background(), age.New(age.Options{}))
	var keys *sops.KeysError
	fmt.Println(errors.As(err, &keys))
	// Output:
	// line 3: "dc:user": message authentication failed: the value was changed, moved, or encrypted under another data key
	// true
}
