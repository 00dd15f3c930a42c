package content

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/seed-1f7fdfb8/sops/internal/app"
	"github.com/seed-1f7fdfb8/sops/internal/config"
	"github.com/seed-1f7fdfb8/sops/internal/envelope"
	"github.com/seed-1f7fdfb8/sops/internal/hint"
	"github.com/seed-1f7fdfb8/sops/internal/rule"
	"github.com/seed-1f7fdfb8/sops/keeper"
	"github.com/seed-1f7fdfb8/sops/tree"
)

// An explanation is what the configuration means for a file.
type explanation struct {
	Version       int            `json:"v"`
	Type          string         `json:"type"` // "explanation"
	File          string         `json:"file"`
	State         string         `json:"state"`                   // plain, encrypted or missing
	Configuration string         `json:"configuration,omitempty"` // "" if there is none
	MatchedAs     string         `json:"matchedAs,omitempty"`     // the path as path_regex sees it
	Rules         []config.Trial `json:"rules"`                   // those looked at; the last is taken if it matches
	KeysFrom      string         `json:"keysFrom"`                // rule, or the name of a variable
	Groups        [][]explained  `json:"groups"`
	Threshold     int            `json:"threshold,omitempty"`
	Selection     string         `json:"selection"`
	MACOnly       bool           `json:"macOnlyEncrypted,omitempty"`
	Encrypted     []string       `json:"encrypted"` // paths of values, never values
	Readable      []string       `json:"readable"`
	Notes         []string       `json:"notes,omitempty"`
}

// explained is a key, with the identity under which it is used. The id of an AWS
// key has its role, its encryption context and its profile.
type explained struct {
	Type string `json:"type"`
	ID   string `json:"id"`
}

// Explain prints which configuration and which rule hold for a file and why,
// which keys it would have and which of its values would be encrypted. It asks
// no key and shows no value.
func Explain(ctx context.Context, a *app.App, f app.File, c app.Common, access app.Access) error {
	e := explanation{Version: 1, Type: "explanation", File: a.RulePath(f), Rules: []config.Trial{}, Groups: [][]explained{}, Encrypted: []string{}, Readable: []string{}}
	s, err := explainedSource(ctx, a, f, c, &e)
	if err != nil {
		return err
	}
	if s.Config != nil {
		e.Configuration, e.MatchedAs = s.Config.Path, s.Config.Form(e.File)
		e.Rules = append(e.Rules, s.Config.Trials(e.File)...)
	}
	p, err := plan(a, s, Creation{}, access)
	if err != nil {
		return err
	}
	if _, variable, err := a.ExplicitKeys(app.KeyLists{}, access); err != nil {
		return err
	} else if e.KeysFrom = variable; variable == "" {
		e.KeysFrom = "rule"
	}
	for _, g := range p.Groups {
		keys := []explained{}
		for _, m := range g {
			keys = append(keys, explainKey(m))
		}
		e.Groups = append(e.Groups, keys)
	}
	e.Threshold, e.Selection, e.MACOnly = p.Threshold, p.Selection.String(), p.MACOnlyEncrypted
	if err := e.paths(s, p.Selection); err != nil {
		return err
	}
	if a.JSON {
		return hint.EncodeJSON(a.Stdout, e, "")
	}
	_, err = a.Stdout.Write([]byte(e.text()))
	return err
}

// explainedSource reads the file, which need not exist.
func explainedSource(ctx context.Context, a *app.App, f app.File, c app.Common, e *explanation) (*app.Source, error) {
	s, err := a.Read(ctx, f, c, app.NoFile)
	if errors.Is(err, app.NoFile) {
		e.State = "missing"
		return a.NewFile(f, c)
	}
	e.State = "plain"
	return s, err
}

func explainKey(m keeper.MasterKey) explained {
	return explained{Type: m.Kind, ID: m.Identity()}
}

// paths sorts the values of the file into those that would be encrypted and the
// rest. For an encrypted file its own rule counts until it is changed.
func (e *explanation) paths(s *app.Source, selection rule.Rule) error {
	if e.State == "missing" {
		return nil
	}
	doc, err := s.In.Parse(s.Data)
	compile := selection.Compile
	if encrypted, notEncrypted := envelope.Parse(s.Data, s.In); notEncrypted == nil {
		e.State = "encrypted"
		if own := encrypted.Meta.Selection; own.String() != selection.String() && s.In.Name() != "binary" {
			e.Notes = append(e.Notes, fmt.Sprintf("the file was encrypted under another rule (%s), which holds until it is encrypted anew", own))
			compile = own.CompileStored
		}
		doc, err = s.In.ParseEncrypted(s.Data)
	}
	if err != nil {
		return s.Named(&app.Error{Kind: app.Input, Err: err, Advice: hint.Hints(err)})
	}
	sel, err := compile()
	if err != nil {
		return s.Named(err)
	}
	places := map[*tree.Scalar]tree.Address{}
	for _, t := range doc.Trees() {
		locate(places, nil, t)
	}
	for leaf := range sel.Leaves(doc.Trees()) {
		if leaf.Scalar == nil || leaf.ListComment {
			continue
		}
		at := hint.Line(places[leaf.Scalar].String())
		if leaf.Secret || s.In.Name() == "binary" {
			e.Encrypted = append(e.Encrypted, at)
		} else {
			e.Readable = append(e.Readable, at)
		}
	}
	return nil
}

// locate notes where each scalar below n is.
func locate(places map[*tree.Scalar]tree.Address, at tree.Address, n tree.Node) {
	step := func(s tree.Step, n tree.Node) { locate(places, append(at[:len(at):len(at)], s), n) }
	switch n := n.(type) {
	case *tree.Map:
		for _, it := range n.Items {
			step(tree.Step{Key: it.Key, IsKey: true}, it.Value)
		}
	case *tree.List:
		for i, it := range n.Items {
			step(tree.Step{Index: i}, it)
		}
	case *tree.Scalar:
		places[n] = at
	}
}

// text is the explanation for people.
func (e *explanation) text() string {
	var b strings.Builder
	line := func(format string, args ...any) { b.WriteString(hint.Line(fmt.Sprintf(format, args...)) + "\n") }
	line("file           %s (%s)", e.File, e.State)
	if e.Configuration == "" {
		line("configuration  none")
	} else {
		line("configuration  %s", e.Configuration)
		line("matched as     %s", e.MatchedAs)
	}
	for _, t := range e.Rules {
		expression := "every path"
		if t.PathRegex != "" {
			expression = "path_regex " + t.PathRegex
		}
		word := "does not match"
		if t.Matches {
			word = "matches"
		}
		line("rule           line %d: %s: %s", t.Line, expression, word)
	}
	if e.KeysFrom != "rule" {
		line("keys           from %s, not from the rule", e.KeysFrom)
	}
	for i, g := range e.Groups {
		for _, k := range g {
			line("key group %-4d %s %s", i+1, k.Type, k.ID)
		}
	}
	if len(e.Groups) > 1 {
		needed := e.Threshold
		if needed == 0 {
			needed = len(e.Groups)
		}
		line("needed         %d of %d groups", needed, len(e.Groups))
	}
	line("selection      %s", e.Selection)
	if e.MACOnly {
		line("MAC            covers encrypted values only")
	}
	for _, at := range e.Encrypted {
		line("encrypted      %s", at)
	}
	for _, at := range e.Readable {
		line("readable       %s", at)
	}
	for _, n := range e.Notes {
		line("note           %s", n)
	}
	return b.String()
}
