package unlock

import (
	"context"
	"fmt"
	"io"
	"strings"
	"sync"

	"github.com/seed-1f7fdfb8/sops/internal/shamir"
	"github.com/seed-1f7fdfb8/sops/key"
)

// Wrap wraps the data key d for every key of groups, all at once. With several
// groups each gets a Shamir share, of which threshold are needed; 0 means all.
// It succeeds only if every key does; the error is a *WrapError unless ctx
// ended.
func Wrap(ctx context.Context, k key.Keeper, groups [][]key.MasterKey, threshold int, d key.Data, random io.Reader) ([]key.Group, error) {
	if err := checkGroups(groups, d); err != nil {
		return nil, err
	}
	parts, err := split(d, len(groups), threshold, random)
	if err != nil {
		return nil, err
	}
	out := make([]key.Group, len(groups))
	var jobs []job
	for i, g := range groups {
		out[i] = make(key.Group, len(g))
		for j, m := range g {
			jobs = append(jobs, job{key: m, part: parts[i], to: &out[i][j]})
		}
	}
	if err := wrapAll(ctx, k, jobs); err != nil {
		return nil, err
	}
	return out, nil
}

func checkGroups(groups [][]key.MasterKey, d key.Data) error {
	if d.Len() != key.Size {
		return fmt.Errorf("a data key of %d bytes instead of %d", d.Len(), key.Size)
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
func split(d key.Data, groups, threshold int, random io.Reader) ([]key.Data, error) {
	if groups == 1 {
		return []key.Data{d}, nil
	}
	all, err := shamir.Split(d.Bytes(), groups, required(threshold, groups), random)
	if err != nil {
		return nil, fmt.Errorf("key groups: %w", err)
	}
	parts := make([]key.Data, groups)
	for i, s := range all {
		parts[i] = key.NewData(s)
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
	key  key.MasterKey
	part key.Data
	to   *key.WrappedKey
}

// wrapAll does all jobs at once and reports all that failed.
func wrapAll(ctx context.Context, k key.Keeper, jobs []job) error {
	errs := make([]error, len(jobs))
	var wg sync.WaitGroup
	for i, j := range jobs {
		wg.Go(func() { *j.to, errs[i] = wrapOne(ctx, k, j) })
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

// wrapOne does one job, within a time limit unless a person may be asked.
func wrapOne(ctx context.Context, k key.Keeper, j job) (key.WrappedKey, error) {
	asker, _ := k.(key.Asker)
	if asker == nil || !asker.Asks(ctx, key.WrappedKey{MasterKey: j.key}) {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, DefaultOverall, silence(DefaultOverall))
		defer cancel()
	}
	w, err := k.Wrap(ctx, j.key, j.part)
	if err != nil {
		err = explain(ctx, err)
	}
	return w, err
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

// An EmptyGroupError is a key group without keys: nobody could ever open it.
type EmptyGroupError struct{ Group int } // from 0; -1 if there are no groups at all

func (e *EmptyGroupError) Error() string {
	if e.Group < 0 {
		return "no master keys to encrypt for"
	}
	return fmt.Sprintf("empty key group: group %d has no master keys", e.Group)
}

// Hints says where keys come from.
func (e *EmptyGroupError) Hints() []string {
	if e.Group < 0 {
		return []string{"name a key in a creation rule of .sops.yaml, or with --kms, --age or another key option"}
	}
	return []string{"add a key to the group, or remove the group"}
}
