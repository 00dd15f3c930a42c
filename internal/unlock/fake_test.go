package unlock

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/seed-1f7fdfb8/sops/internal/deadline"
	"github.com/seed-1f7fdfb8/sops/keeper"
	"github.com/seed-1f7fdfb8/sops/keeper/kinds"
)

// fake is an honest keeper: it unwraps only what it has wrapped, under the key
// that it was wrapped for. The behaviour of a key is its field "do", a list of
// words; see act.
type fake struct {
	mu      sync.Mutex
	calls   []string // "unwrap NAME" and "wrap NAME" in order of their start
	running int
	most    int // the largest number of calls at one time
}

func (*fake) Kind() string { return "" }

// Asks says what field "asks" says, after the time of field "after".
func (f *fake) Asks(ctx context.Context, w keeper.WrappedKey) bool {
	if after := w.Text("after"); after != "" {
		f.enter("asks " + w.Identity())
		_ = wait(ctx, after)
		f.leave()
	}
	return w.Text("asks") != ""
}

// named returns a key of a kind whose identity is name.
func named(kind, name string, do ...string) keeper.MasterKey {
	field := map[string]string{keeper.KMS: "arn", keeper.Age: "recipient", keeper.PGP: "fp"}[kind]
	return kinds.ByName(kind).Key(field, name, "do", strings.Join(do, " "))
}

// asking returns a key that asks a person.
func asking(name string, do ...string) keeper.MasterKey {
	return kinds.ByName(keeper.PGP).Key("fp", name, "asks", "yes", "do", strings.Join(do, " "))
}

func (f *fake) Wrap(ctx context.Context, m keeper.MasterKey, d keeper.Data) (keeper.WrappedKey, error) {
	if err := f.act(ctx, "wrap", m); err != nil {
		return keeper.WrappedKey{}, err
	}
	return sealed(m, d), nil
}

// sealed is what Wrap makes, without a call.
func sealed(m keeper.MasterKey, d keeper.Data) keeper.WrappedKey {
	return keeper.WrappedKey{MasterKey: m, Enc: m.Identity() + ":" + hex.EncodeToString(d.Bytes())}
}

func (f *fake) Unwrap(ctx context.Context, w keeper.WrappedKey) (keeper.Data, error) {
	if err := f.act(ctx, "unwrap", w.MasterKey); err != nil {
		return keeper.Data{}, err
	}
	text, ok := strings.CutPrefix(w.Enc, w.Identity()+":")
	if !ok {
		return keeper.Data{}, errors.New("wrapped for another key")
	}
	b, err := hex.DecodeString(text)
	return keeper.NewData(b), err
}

// act records a call and does what the key says: wait for a duration, "hang"
// until cancelled, "sulk" for a while after being cancelled, "deaf" without
// looking at ctx, "helper" for an hour of a person, "fail".
func (f *fake) act(ctx context.Context, what string, m keeper.MasterKey) error {
	f.enter(what + " " + m.Identity())
	defer f.leave()
	for _, word := range strings.Fields(m.Text("do")) {
		var err error
		switch word {
		case "hang":
			<-ctx.Done()
			err = ctx.Err()
		case "sulk":
			<-ctx.Done()
			time.Sleep(200 * time.Millisecond)
			err = fmt.Errorf("request to the service: %w", ctx.Err())
		case "helper":
			resume := deadline.Pause(ctx)
			err = wait(ctx, "1h")
			resume()
		case "deaf":
			time.Sleep(time.Hour)
		case "fail":
			err = &advice{"access denied to " + m.Identity(), "ask the owner"}
		default:
			err = wait(ctx, word)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func wait(ctx context.Context, text string) error {
	d, err := time.ParseDuration(text)
	if err != nil {
		return err
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

func (f *fake) enter(call string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls = append(f.calls, call)
	f.running++
	f.most = max(f.most, f.running)
}

func (f *fake) leave() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.running--
}

// log returns the calls so far.
func (f *fake) log() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.calls)
}

// advice is an error with a hint.
type advice struct{ msg, hint string }

func (a *advice) Error() string   { return a.msg }
func (a *advice) Hints() []string { return []string{a.hint} }

// dataKey returns a data key that is the same in every run.
func dataKey(seed byte) keeper.Data {
	b := make([]byte, keeper.Size)
	for i := range b {
		b[i] = seed + byte(i)
	}
	return keeper.NewData(b)
}

// one returns a file of one group that holds d.
func one(d keeper.Data, keys ...keeper.MasterKey) []keeper.Group {
	var g keeper.Group
	for _, m := range keys {
		g = append(g, sealed(m, d))
	}
	return []keeper.Group{g}
}

// DataKey returns the data key that Recover finds.
func DataKey(ctx context.Context, k keeper.Keeper, groups []keeper.Group, threshold int, o Options) (keeper.Data, error) {
	r, err := Recover(ctx, k, groups, threshold, o)
	if err != nil {
		return keeper.Data{}, err
	}
	return r.Data, nil
}
