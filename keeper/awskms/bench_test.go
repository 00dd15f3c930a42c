package awskms

import "testing"

func BenchmarkFirstUnwrap(b *testing.B) {
	r := newRig(b).as("alice")
	m := named(key1, "", ops)
	w := r.wrapped(m)
	for b.Loop() {
		if _, err := r.keeper().Unwrap(b.Context(), w); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkNextUnwrap(b *testing.B) {
	r := newRig(b).as("alice")
	w := r.wrapped(named(key1, "", ops))
	k := r.keeper()
	for b.Loop() {
		if _, err := k.Unwrap(b.Context(), w); err != nil {
			b.Fatal(err)
		}
	}
}
