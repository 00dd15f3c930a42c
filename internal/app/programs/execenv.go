package programs

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"strconv"
	"strings"

	"github.com/seed-1f7fdfb8/sops/internal/app"
	"github.com/seed-1f7fdfb8/sops/tree"
)

// ExecEnvOptions are the options of ExecEnv.
type ExecEnvOptions struct {
	app.Common
	app.Access
	Files       []string // the later ones win
	InputType   string
	Program     Program
	Names       Names
	Pristine    bool
	SameProcess bool
	Background  bool
	User        string
}

// Names says how variables are named after the places of their values.
type Names struct {
	Flatten   bool   // values below others get variables too
	Separator string // between the components of a path
	Upper     bool
	Prefix    string
}

// ExecEnv runs a program with the values of files in its environment. Where
// that is possible this process becomes the program.
func ExecEnv(ctx context.Context, a *app.App, o ExecEnvOptions) error {
	if err := checkExecEnv(a, o); err != nil {
		return err
	}
	values, err := values(ctx, a, o)
	if err != nil {
		return err
	}
	login, err := switchTo(o.User)
	if err != nil {
		return err
	}
	cmd := command(a, o.Program, slices.Concat(inherited(o.Pristine), login, values))
	switch {
	case o.Background:
		err = detach(ctx, a, cmd)
	case canReplace && ownsStreams(a):
		err = replaceUnless(ctx, cmd)
	default:
		r := newRelay()
		defer r.stop()
		err = childEnd(r.run(ctx, cmd))
	}
	return startError(err, cmd, values, o.Files[0])
}

func checkExecEnv(a *app.App, o ExecEnvOptions) error {
	if o.Background {
		deprecated(a, "exec-env")
	}
	switch {
	case o.Background && o.SameProcess:
		return app.Fail(app.Conflict, "leave one of them out", "--same-process and --background exclude each other")
	case o.SameProcess && !canReplace:
		return app.Fail(app.Other, "leave --same-process out", "--same-process: a process of this system cannot become another program")
	case o.Names.Separator != "" && !o.Names.Flatten:
		return app.Fail(app.Conflict, "add --flatten", "--separator has no effect without --flatten")
	}
	return nil
}

func deprecated(a *app.App, command string) {
	a.Warnf("%s --background is deprecated, as in SOPS; a shell starts a program in the background with &", command)
}

// ownsStreams reports whether the streams are those that a program inherits.
func ownsStreams(a *app.App) bool {
	return a.Stdin == os.Stdin && a.Stdout == os.Stdout && a.Stderr == os.Stderr
}

// replaceUnless makes this process the program, unless a signal has ended ctx.
func replaceUnless(ctx context.Context, cmd *exec.Cmd) error {
	signal.Reset() // from now on signals do what they do to the program
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return replace(cmd)
}

// detach starts a program and leaves it alone; it has none of our streams.
func detach(ctx context.Context, a *app.App, cmd *exec.Cmd) error {
	cmd.Stdin, cmd.Stdout, cmd.Stderr = nil, nil, nil
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	return cmd.Process.Release()
}

// values returns the variables of all files.
func values(ctx context.Context, a *app.App, o ExecEnvOptions) ([]string, error) {
	var all []string
	if len(o.Files) > 1 {
		return all, ofEach(ctx, a, o.Files, func(a *app.App, path string) ([]string, error) {
			return fileValues(ctx, a, path, o)
		}, func(_ string, vars []string) { all = append(all, vars...) })
	}
	for _, path := range o.Files {
		vars, err := fileValues(ctx, a, path, o)
		if err != nil {
			return nil, err
		}
		all = append(all, vars...)
	}
	return all, nil
}

// fileValues returns the variables of one file. As in SOPS they are those of
// its first document.
func fileValues(ctx context.Context, a *app.App, path string, o ExecEnvOptions) ([]string, error) {
	s, err := readNamed(ctx, a, app.File{Path: path, InputType: o.InputType}, o.Common)
	if err != nil {
		return nil, err
	}
	decrypted, err := a.Decrypt(ctx, s, a.Keepers(ctx, o.Access), o.Access)
	if err != nil {
		return nil, err
	}
	v := variables{file: path, names: o.Names, ini: s.In.Name() == "ini", at: map[string]tree.Address{}}
	if trees := decrypted.Trees(); len(trees) > 0 {
		err = v.children(nil, "", trees[0])
	}
	return v.list, s.Named(err)
}

// readNamed reads an encrypted file that must have a name.
func readNamed(ctx context.Context, a *app.App, f app.File, c app.Common) (*app.Source, error) {
	if f.Path == "" {
		return nil, app.Fail(app.Input, "", "the name of the file is empty")
	}
	return a.ReadEncrypted(ctx, f, c, app.Input)
}

// variables collects those of one document.
type variables struct {
	file  string
	names Names
	ini   bool
	list  []string                // NAME=value
	at    map[string]tree.Address // of the value of each name
}

// children adds what is directly in the map or list n, whose own name is name.
func (v *variables) children(at tree.Address, name string, n tree.Node) error {
	switch n := n.(type) {
	case *tree.Map:
		for _, it := range n.Items {
			step := append(slices.Clone(at), tree.Step{Key: it.Key, IsKey: true})
			if err := v.node(step, v.join(name, it.Key, len(at)), it.Value); err != nil {
				return err
			}
		}
	case *tree.List:
		i := 0
		for _, it := range n.Items {
			if tree.IsComment(it) {
				continue
			}
			step := append(slices.Clone(at), tree.Step{Index: i})
			if err := v.node(step, v.join(name, strconv.Itoa(i), len(at)), it); err != nil {
				return err
			}
			i++
		}
	}
	return nil
}

// join names what is at depth in something of the given name. What is before
// the first section of an INI file is in none.
func (v *variables) join(name, key string, depth int) string {
	switch {
	case depth == 0 && v.ini && key == "DEFAULT":
		return ""
	case depth == 0, depth == 1 && v.ini && name == "":
		return key
	}
	return name + v.separator() + key
}

func (v *variables) separator() string {
	if v.names.Separator == "" {
		return "_"
	}
	return v.names.Separator
}

func (v *variables) node(at tree.Address, name string, n tree.Node) error {
	s, ok := n.(*tree.Scalar)
	switch {
	case tree.IsComment(n):
		return nil
	case !ok && !v.names.Flatten:
		return app.Fail(app.Other, "add --flatten, which makes a variable of each value below",
			"the value at %s is a %s, and a variable holds one value", at, kindOf(n))
	case !ok:
		return v.children(at, name, n)
	}
	return v.add(at, name, s.Value)
}

func kindOf(n tree.Node) string {
	if _, ok := n.(*tree.List); ok {
		return "list"
	}
	return "map"
}

func (v *variables) add(at tree.Address, name string, value tree.Value) error {
	if v.names.Upper {
		name = strings.ToUpper(name)
	}
	name = v.names.Prefix + name
	text := value.Text()
	switch other, twice := v.at[name]; {
	case strings.Contains(name, "="):
		return fmt.Errorf("the key at %s holds %q, which ends the name of a variable", at, "=")
	case strings.Contains(name, "\x00"):
		return fmt.Errorf("the key at %s holds a NUL, which no variable can", at)
	case strings.Contains(text, "\x00"):
		return app.Fail(app.Other, asFile(v.file), "the value at %s holds a NUL, which no variable can", at)
	case twice:
		return app.Fail(app.Other, v.names.apart(), "the values at %s and %s would both be the variable %s", other, at, name)
	}
	v.at[name] = at
	v.list = append(v.list, name+"="+text)
	return nil
}

// apart is what to do about two values with one name.
func (n Names) apart() string {
	switch {
	case n.Flatten && n.Upper:
		return "choose another --separator, for example --separator __, or leave --upper out"
	case n.Flatten:
		return "choose another --separator, for example --separator __"
	}
	return "leave --upper out"
}
