package sops_test

import (
	"context"
	"fmt"
	"log"

	"github.com/seed-1f7fdfb8/sops"
	"github.com/seed-1f7fdfb8/sops/keeper/age"
	"github.com/seed-1f7fdfb8/sops/std"
	"github.com/seed-1f7fdfb8/sops/tree"
)

// decrypted returns plain as it is after a way through encryption.
func decrypted(opts ...sops.Option) *sops.Decrypted {
	f, _ := std.FormatForPath("app.yaml")
	e, err := sops.Parse(encrypted(recipient()), f)
	if err != nil {
		log.Fatal(err)
	}
	d, err := e.Decrypt(context.Background(), age.New(age.Options{}), opts...)
	if err != nil {
		log.Fatal(err)
	}
	return d
}

func address(text string) tree.Address {
	at, err := tree.ParseAddress(text)
	if err != nil {
		log.Fatal(err)
	}
	return at
}

func ExampleDecrypted_Get() {
	d := decrypted()
	n, err := d.Get(address(`["db"]["user"]`))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(n.(*tree.Scalar).Value.Canonical())

	_, err = d.Get(address(`["db"]["port"]`))
	fmt.Println(err)
	// Output:
	// admin
	// component ["db"]["port"]: not found: no such key
}

func ExampleDecrypted_Documents() {
	for _, document := range decrypted().Documents() {
		for _, it := range document.Items {
			if !tree.IsComment(it.Value) {
				fmt.Println(it.Key)
			}
		}
	}
	// Output: db
}

func ExampleDecrypted_Unset() {
	d := decrypted()
	if err := d.Unset(address(`["db"]["user"]`)); err != nil {
		log.Fatal(err)
	}
	fmt.Print(string(d.Bytes()))
	// Output:
	// # settings of the application
	// db:
	//     password: "s3cret"   # change me
}

func ExampleDecrypted_Replace() {
	d := decrypted()
	if err := d.Replace([]byte("db:\n    user: root\n")); err != nil {
		log.Fatal(err)
	}
	out, err := d.Encrypt()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Print(string(d.Bytes()))
	fmt.Println(len(out) > len(d.Bytes()))
	// Output:
	// db:
	//     user: root
	// true
}
