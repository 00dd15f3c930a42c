package unlock

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"strings"
	"sync"

	"github.com/seed-1f7fdfb8/sops/internal/shamir"
	"github.com/seed-1f7fdfb8/sops/keeper"
)

// Wrap wraps the data key d for every key of groups, all at once. With several
// groups each gets a Shamir share, of which threshold are needed; 0 means all. The
// shares come of random, or of crypto/rand if that is nil.
// It succeeds only if every key does; the error is a *WrapError unless ctx
// ended. How long a key may take is its keeper's matter: there is no other key
// to go to.
func Wrap(ctx context.Context, k keeper.Keeper, groups [][]keeper.MasterKey, threshold int, d keeper.Data, random io.Reader) ([]keeper.Group, error) {
	if err := checkGroups(groups, d); err != nil {
		return nil, err
	}
	parts, err := split(d, len(groups), threshold, random)
	if err != nil {
		return nil, err
	}
	out := make([]keeper.Group, len(groups))
	var jobs []job
	for i, g := range groups {
		out[i] = make(keeper.Group, len(g))
		for j, m := range g {
			jobs = append(jobs, job{key: m, part: parts[i], to: &out[i][j]})
		}
	}
	if err := wrapAll(ctx, k, jobs); err != nil {
		return nil, err
	}
	return out, nil
}

func checkGroups(groups [][]keeper.MasterKey, d keeper.Data) error {
	if d.Len() != keeper.Size {
		return fmt.Errorf("a data key of %d bytes instead of %d", d.Len(), keeper.Size)
	}
	if len(groups) == 0 {
		return &EmptyGroupError{Group: -1}
	}
	for i, g := range groups {
		if len(g) == 0 {
			return &EmptyGroupError{Group: i}
		}
	}
	return nil
}

// split returns the part of each group.
func split(d keeper.Data, groups, threshold int, random io.Reader) ([]keeper.Data, error) {
	if groups == 1 {
		return []keeper.Data{d}, nil
	}
	if random == nil {
		random = rand.Reader
	}
	all, err := shamir.Split(d.Bytes(), groups, required(threshold, groups), random)
	if err != nil {
		return nil, fmt.Errorf("key groups: %w", err)
	}
	parts := make([]keeper.Data, groups)
	for i, s := range all {
		parts[i] = keeper.NewData(s)
	}
	return parts, nil
}

// required returns how many groups a threshold asks for when writing.
func required(threshold, groups int) int {
	if threshold == 0 {
		return groups
	}
	return threshold
}

// job is the wrapping of one part under one key.
type job struct {
	key  keeper.MasterKey
	part keeper.Data
	to   *keeper.WrappedKey
}

// wrapAll does all jobs at once and reports all that failed.
func wrapAll(ctx context.Context, k keeper.Keeper, jobs []job) error {
	errs := make([]error, len(jobs))
	var wg sync.WaitGroup
	for i, j := range jobs {
		wg.Go(func() { *j.to, errs[i] = k.Wrap(ctx, j.key, j.part) })
	}
	wg.Wait()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	e := &WrapError{}
	for i, err := range errs {
		if err != nil {
			e.Keys = append(e.Keys, KeyReport{Identity: jobs[i].key.Identity(), Err: err})
		}
	}
	if len(e.Keys) > 0 {
		return e
	}
	return nil
}

// A WrapError names the keys that could not wrap the data key, and why.
type WrapError struct{ Keys []KeyReport }

func (e *WrapError) Error() string {
	lines := make([]string, len(e.Keys))
	for i, k := range e.Keys {
		lines[i] = fmt.Sprintf("master key %q: %v", k.Identity, k.Err)
	}
	return strings.Join(lines, "\n")
}

// ExitCode returns 1.
func (*WrapError) ExitCode() int { return 1 }

// Unwrap returns the errors of the keys.
func (e *WrapError) Unwrap() []error {
	errs := make([]error, len(e.Keys))
	for i, k := range e.Keys {
		errs[i] = k.Err
	}
	return errs
}

// Hints returns what the errors of the keys advise, each advice once.
func (e *WrapError) Hints() []string { return hints(e.Unwrap()) }

// emptyGroup is how SOPS 3.13.3 says it, which wrappers look for.
const emptyGroup = "empty key group provided"

// An EmptyGroupError is a key group without keys, which nothing could open.
type EmptyGroupError struct{ Group int } // from 0; -1 if there are no groups at all

func (e *EmptyGroupError) Error() string {
	if e.Group < 0 {
		return emptyGroup + ": no master keys to encrypt for"
	}
	return fmt.Sprintf(emptyGroup+": group %d has no master keys", e.Group)
}

// Hints says where keys come from.
func (e *EmptyGroupError) Hints() []string {
	if e.Group < 0 {
		return []string{"name a key in a creation rule of .sops.yaml, or with --kms, --age or another key option"}
	}
	return []string{"add a key to the group, or remove the group"}
}

// WrapNew makes a data key and wraps it.
func WrapNew(ctx context.Context, k keeper.Keeper, groups [][]keeper.MasterKey, threshold int, random io.Reader) (keeper.Data, []keeper.Group, error) {
	d, err := keeper.Generate(random)
	if err != nil {
		return keeper.Data{}, nil, err
	}
	wrapped, err := Wrap(ctx, k, groups, threshold, d, random)
	return d, wrapped, err
}
