// Package ssm publishes the decrypted content of files to the Parameter Store of
// AWS Systems Manager: as one SecureString, a JSON object, or as one for each
// value.
package ssm

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/seed-1f7fdfb8/sops/internal/publish"
	"github.com/seed-1f7fdfb8/sops/internal/publish/awscall"
	"github.com/seed-1f7fdfb8/sops/internal/rest"
)

// Limits of the service.
const (
	standardSize = 4096
	advancedSize = 8192 // of parameters that cost money
	atOnce       = 10   // names in one GetParameters
)

// Parameters are what a file becomes.
type Parameters struct {
	Name    string // of the parameter, or what the names of all begin with
	PerKey  bool
	KMSKey  string
	Tags    map[string]string
	Content *publish.Content
	// Connect returns the identity to be.
	Connect func(context.Context) (awscall.Caller, error)

	service *awscall.Service
	all     []*parameter
}

// A parameter is one parameter, and what is to be done with it.
type parameter struct {
	name, text string
	exists     bool
	unknown    bool // it may not be read
	write      bool // content or KMS key differ
	key        bool // the KMS key differs
	tags       map[string]string
}

func (p *Parameters) String() string { return "ssm://" + p.Name }

// Compare reads the parameters that are there.
func (p *Parameters) Compare(ctx context.Context) (publish.Difference, error) {
	var d publish.Difference
	c, err := p.Connect(ctx)
	if err != nil {
		return d, err
	}
	p.service = awscall.New(awscall.Service{Caller: c, Name: "ssm", Variable: "SSM", Target: "AmazonSSM", Scrub: p.Content.Scrub})
	if p.all, err = p.wanted(); err != nil {
		return d, err
	}
	states := map[publish.State]int{}
	for some := range slices.Chunk(p.all, atOnce) {
		there, err := p.read(ctx, some)
		if err != nil {
			return d, err
		}
		for _, one := range some {
			value, exists := there[one.name]
			state, keys, err := p.compare(ctx, one, value, exists)
			if err != nil {
				return d, fmt.Errorf("%s: %w", one.name, err)
			}
			states[state]++
			d.Keys = append(d.Keys, keys...)
			if one.key {
				d.Notes = append(d.Notes, one.name+": the KMS key")
			}
			for _, tag := range slices.Sorted(maps.Keys(one.tags)) {
				d.Notes = append(d.Notes, one.name+": the tag "+tag)
			}
		}
	}
	d.State = publish.Overall(states, len(d.Notes) > 0)
	return d, nil
}

// wanted returns the parameters that are to be there.
func (p *Parameters) wanted() ([]*parameter, error) {
	text, err := p.Content.JSON()
	if err != nil {
		return nil, err
	}
	all := []*parameter{{name: p.Name, text: string(text)}}
	if p.PerKey {
		leaves, err := p.Content.Leaves()
		if err != nil {
			return nil, err
		}
		all = nil
		for _, l := range leaves {
			all = append(all, &parameter{name: p.Name + "/" + l.Name, text: l.Text})
		}
	}
	const levels = 15
	for _, one := range all {
		switch {
		case !strings.HasPrefix(one.name, "/"):
			return nil, fmt.Errorf("the name of the parameter, %q, does not begin with a slash: write aws_parameter_store_path: /%s", one.name, p.Name)
		case !regexp.MustCompile(`^(/[A-Za-z0-9_.-]+)+$`).MatchString(one.name) || len(one.name) > 1011 || strings.Count(one.name, "/") > levels:
			return nil, fmt.Errorf("%q cannot be the name of a parameter: it may have letters, digits and _.- between slashes, in %d levels", one.name, levels)
		case len(one.text) > advancedSize:
			return nil, fmt.Errorf("%s: the parameter has %d bytes, and the Parameter Store takes %d", one.name, len(one.text), advancedSize)
		}
	}
	return all, nil
}

// read returns the values of parameters that are there. If they may not be read,
// that is noted.
func (p *Parameters) read(ctx context.Context, some []*parameter) (map[string]string, error) {
	names := make([]string, len(some))
	for i, one := range some {
		names[i] = one.name
	}
	var out struct {
		Parameters        []struct{ Name, Value string }
		InvalidParameters []string
	}
	err := p.service.Call(ctx, "GetParameters", map[string]any{"Names": names, "WithDecryption": true}, &out)
	var refused *awscall.Refusal
	if errors.As(err, &refused) && refused.IsDenied() {
		for _, one := range some {
			one.unknown = true
		}
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	there := map[string]string{}
	for _, one := range out.Parameters {
		there[one.Name] = one.Value
	}
	for _, name := range names {
		if _, ok := there[name]; !ok && !slices.Contains(out.InvalidParameters, name) {
			return nil, &rest.ForeignError{Host: "the Parameter Store", Status: 200}
		}
	}
	return there, nil
}

// compare settles what is to be done with one parameter.
func (p *Parameters) compare(ctx context.Context, one *parameter, value string, exists bool) (publish.State, []publish.Key, error) {
	one.exists = exists
	switch {
	case one.unknown:
		one.write = true
		return publish.Unknown, nil, nil
	case !exists && p.PerKey:
		one.write = true
		return publish.New, []publish.Key{{Change: publish.Added, At: one.name}}, nil
	case !exists:
		one.write = true
		return publish.New, publish.Whole(p.Content, nil).Keys, nil
	}
	if err := p.describe(ctx, one); err != nil {
		return "", nil, err
	}
	var keys []publish.Key
	switch {
	case !p.PerKey:
		keys = publish.Whole(p.Content, publish.Decode([]byte(value))).Keys
	case value != one.text:
		keys = []publish.Key{{Change: publish.Edited, At: one.name}}
	}
	one.write = len(keys) > 0 || one.key
	if len(keys) > 0 {
		return publish.Changed, keys, nil
	}
	return publish.Same, nil, nil
}

type tag struct{ Key, Value string }

// describe finds out whether key and tags are those of the rule, if that names
// any.
func (p *Parameters) describe(ctx context.Context, one *parameter) error {
	if p.KMSKey != "" {
		var out struct {
			Parameters []struct{ Name, KeyId string }
		}
		filter := map[string]any{"Key": "Name", "Option": "Equals", "Values": []string{one.name}}
		if err := p.service.Call(ctx, "DescribeParameters", map[string]any{"ParameterFilters": []any{filter}}, &out); err != nil {
			return err
		}
		for _, there := range out.Parameters {
			one.key = there.Name == one.name && publish.OtherKey(p.KMSKey, there.KeyId)
		}
	}
	if len(p.Tags) == 0 {
		return nil
	}
	var out struct{ TagList []tag }
	if err := p.service.Call(ctx, "ListTagsForResource", map[string]string{"ResourceType": "Parameter", "ResourceId": one.name}, &out); err != nil {
		return err
	}
	has := map[string]string{}
	for _, t := range out.TagList {
		has[t.Key] = t.Value
	}
	one.tags = publish.Lacking(p.Tags, has)
	return nil
}

// Write makes the parameters what they are to be. What is the same already is
// left alone.
func (p *Parameters) Write(ctx context.Context) error {
	for i, one := range p.all {
		if err := p.write(ctx, one); err != nil {
			return fmt.Errorf("%s: %w%s", one.name, err, publish.SoFar(i, len(p.all)))
		}
	}
	return nil
}

func (p *Parameters) write(ctx context.Context, one *parameter) error {
	if one.write {
		if err := p.put(ctx, one); err != nil {
			return err
		}
	}
	if len(one.tags) == 0 {
		return nil
	}
	in := map[string]any{"ResourceType": "Parameter", "ResourceId": one.name, "Tags": tags(one.tags)}
	return p.service.Call(ctx, "AddTagsToResource", in, nil)
}

// put writes a parameter. The service takes no tags with what it overwrites.
func (p *Parameters) put(ctx context.Context, one *parameter) error {
	in := map[string]any{"Name": one.name, "Value": one.text, "Type": "SecureString", "Overwrite": one.exists || one.unknown}
	if p.KMSKey != "" {
		in["KeyId"] = p.KMSKey
	}
	if len(one.text) > standardSize {
		in["Tier"] = "Advanced"
	}
	if !one.exists && !one.unknown && len(p.Tags) > 0 {
		in["Tags"] = tags(p.Tags)
	}
	var out struct{ Version int }
	err := p.service.Call(ctx, "PutParameter", in, &out)
	if err == nil && out.Version < 1 {
		return &rest.ForeignError{Host: "the Parameter Store", Status: 200}
	}
	return err
}

func tags(all map[string]string) []tag {
	var list []tag
	for _, key := range slices.Sorted(maps.Keys(all)) {
		list = append(list, tag{key, all[key]})
	}
	return list
}
