package sops

import (
	"context"
	"errors"
	"fmt"

	"github.com/seed-1f7fdfb8/sops/internal/unlock"
	"github.com/seed-1f7fdfb8/sops/key"
	"github.com/seed-1f7fdfb8/sops/tree"
)

// Recover returns the data key, with the shares that gave it.
func (s *Sealed) Recover(ctx context.Context, k key.Keeper, o OpenOptions) (*unlock.Recovered, error) {
	if o.Unlock.Verify == nil {
		o.Unlock.Verify = s.opensMAC
	}
	return unlock.Recover(ctx, k, s.Meta.Keys(), s.Meta.Threshold, o.Unlock)
}

// SetKeys returns the text of the file with other wrapped keys, all of the same
// data key. No value, no MAC and no date changes.
func (s *Sealed) SetKeys(groups []key.Group, threshold int) ([]byte, error) {
	s.Meta.SetKeys(groups)
	s.Meta.Threshold = storedThreshold(threshold, len(groups))
	out, err := s.doc.SetMeta(s.Meta.Encode())
	if err != nil {
		return nil, err
	}
	return out, s.sameBut(out)
}

// sameBut proves that out holds the same values and can be read.
func (s *Sealed) sameBut(out []byte) error {
	back, err := Read(out, s.format)
	if err != nil {
		return failf(CodeRender, "the new metadata does not read back: %w", err)
	}
	if diff := tree.Diff(s.doc.Trees(), back.doc.Trees()); diff != "" {
		return failf(CodeRender, "the new metadata would damage the file: %s", diff)
	}
	if back.Meta.MAC != s.Meta.MAC || back.Meta.MACData() != s.Meta.MACData() {
		return &Failure{Code: CodeRender, Err: errors.New("the new metadata would damage the MAC")}
	}
	want, got := s.Meta.Keys(), back.Meta.Keys()
	if fmt.Sprint(identities(want)) != fmt.Sprint(identities(got)) {
		return &Failure{Code: CodeRender, Err: errors.New("the new keys do not read back")}
	}
	return nil
}

func identities(groups []key.Group) [][]string {
	out := make([][]string, len(groups))
	for i, g := range groups {
		for _, w := range g {
			out[i] = append(out[i], w.Kind+" "+w.Identity()+" "+w.Enc)
		}
	}
	return out
}
