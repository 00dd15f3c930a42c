// Command corpus gathers real files of public packages, to try losslessness on.
// The files themselves are not part of the project: list.tsv says from which
// version of which package each comes, and its SHA-256.
//
//	go run ./internal/test/corpus gather DIR    fetches the packages, keeps the listed files
//	SOPS_CORPUS=DIR go test .     runs over them
//
// It needs go, npm, apt-get and dpkg-deb, each for its own packages; what a
// machine lacks is reported, and so is what a registry does not serve any more.
//
//	go run ./internal/test/corpus choose go sigs.k8s.io/kind@v0.33.0 >>internal/test/corpus/list.tsv
//
// prints the lines of another package.
package main

import (
	_ "embed"
	"fmt"
	"io"
	"log"
	"os"
)

//go:embed list.tsv
var list string

const usage = `usage: go run ./internal/test/corpus gather DIR
       go run ./internal/test/corpus choose go|npm|debian PACKAGE@VERSION...`

func main() {
	log.SetFlags(0)
	log.SetPrefix("corpus: ")
	if err := run(os.Args[1:], os.Stdout); err != nil {
		log.Fatal(err)
	}
}

func run(args []string, out io.Writer) error {
	rows, err := parseList(list)
	if err != nil {
		return err
	}
	switch {
	case len(args) == 2 && args[0] == "gather":
		return gather(rows, args[1], out)
	case len(args) > 2 && args[0] == "choose":
		return choose(rows, args[1], args[2:], out)
	}
	return fmt.Errorf("%s", usage)
}
