// Package wire has the messages of the protocol by which key services are asked,
// as SOPS has it: two methods, which have the same messages but for the names of
// their fields.
//
//	Encrypt: Request{Key, data key}    -> the wrapped key, as files have it
//	Decrypt: Request{Key, wrapped key} -> the data key
//
// testdata has messages that the real SOPS wrote.
package wire

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"unicode/utf8"

	"github.com/seed-1f7fdfb8/sops/keeper"
	"github.com/seed-1f7fdfb8/sops/keeper/age/agekey"
	"github.com/seed-1f7fdfb8/sops/keeper/awskms/awskey"
	"github.com/seed-1f7fdfb8/sops/keeper/azurekv/azurekey"
	"github.com/seed-1f7fdfb8/sops/keeper/gcpkms/gcpkey"
	"github.com/seed-1f7fdfb8/sops/keeper/huaweikms/huaweikey"
	"github.com/seed-1f7fdfb8/sops/keeper/pgp/pgpkey"
	"github.com/seed-1f7fdfb8/sops/keeper/vault/vaultkey"
)

// The methods.
const (
	Encrypt = "/KeyService/Encrypt"
	Decrypt = "/KeyService/Decrypt"
)

// Numbers of fields in requests and responses.
const (
	fieldKey     = 1
	fieldData    = 2
	fieldAnswer  = 1
	fieldMapKey  = 1
	fieldMapText = 2
)

// A keyType is the message of one kind of key. Its fields have the numbers 1, 2,
// 3 in this order, and the message the number of its place in keyTypes.
type keyType struct {
	kind   *keeper.Kind
	fields []string
}

func keyTypes() []keyType {
	return []keyType{
		{awskey.Kind(), []string{awskey.FieldARN, awskey.FieldRole, awskey.FieldContext, awskey.FieldProfile}},
		{pgpkey.Kind(), []string{pgpkey.FieldFP}},
		{gcpkey.Kind(), []string{gcpkey.FieldID}},
		{azurekey.Kind(), []string{azurekey.FieldVault, azurekey.FieldName, azurekey.FieldVersion}},
		{vaultkey.Kind(), []string{vaultkey.FieldAddress, vaultkey.FieldEngine, vaultkey.FieldName}},
		{agekey.Kind(), []string{agekey.FieldRecipient}},
		{huaweikey.Kind(), []string{huaweikey.FieldID}},
	}
}

// A Request asks for Data to be wrapped or unwrapped with Key.
type Request struct {
	Key  keeper.MasterKey
	Data []byte
}

// ErrNoKey is a request that names no key.
var ErrNoKey = errors.New("the request names no key of a kind that is known here")

// Encode returns the message. Keys of a kind that the protocol does not have are
// an error.
func (r Request) Encode() ([]byte, error) {
	key, err := encodeKey(r.Key)
	if err != nil {
		return nil, err
	}
	b := appendField(nil, fieldKey, key)
	return appendText(b, fieldData, string(r.Data)), nil
}

func encodeKey(m keeper.MasterKey) ([]byte, error) {
	for i, t := range keyTypes() {
		if t.kind.Name != m.Kind {
			continue
		}
		var b []byte
		for j, name := range t.fields {
			if !utf8.ValidString(m.Text(name)) {
				return nil, fmt.Errorf("the field %s of the key is not a text", name)
			}
			b = appendText(b, j+1, m.Text(name))
			texts := m.Map(name)
			for _, k := range slices.Sorted(maps.Keys(texts)) {
				b = appendField(b, j+1, appendText(appendText(nil, fieldMapKey, k), fieldMapText, texts[k]))
			}
		}
		return appendField(nil, i+1, b), nil
	}
	return nil, fmt.Errorf("key services cannot be asked for keys of kind %q", m.Kind)
}

// DecodeRequest reads a message. The error of a request without a key is
// ErrNoKey.
func DecodeRequest(b []byte) (r Request, err error) {
	err = eachField(b, func(number int, value []byte) error {
		switch number {
		case fieldKey:
			return eachField(value, func(number int, value []byte) (err error) {
				if types := keyTypes(); number <= len(types) {
					r.Key, err = types[number-1].decode(value) // of several the last counts
				}
				return err
			})
		case fieldData:
			r.Data = value
		}
		return nil
	})
	if err == nil && r.Key.Kind == "" {
		err = ErrNoKey
	}
	return r, err
}

func (t keyType) decode(b []byte) (keeper.MasterKey, error) {
	texts, contexts := map[string]string{}, map[string]map[string]string{}
	err := eachField(b, func(number int, value []byte) (err error) {
		if number > len(t.fields) {
			return nil
		}
		name := t.fields[number-1]
		if !t.kind.Field(name).Map {
			texts[name], err = text(value)
			return err
		}
		if contexts[name] == nil {
			contexts[name] = map[string]string{}
		}
		return decodePair(value, contexts[name])
	})
	m := t.kind.Key()
	for _, name := range t.fields {
		if texts[name] != "" {
			m.Fields = append(m.Fields, keeper.Field{Name: name, Text: texts[name]})
		}
		m = m.With(name, contexts[name])
	}
	return m, err
}

// decodePair reads one element of a map.
func decodePair(b []byte, to map[string]string) error {
	var pair [fieldMapText + 1]string
	err := eachField(b, func(number int, value []byte) (err error) {
		if number <= fieldMapText {
			pair[number], err = text(value)
		}
		return err
	})
	to[pair[fieldMapKey]] = pair[fieldMapText]
	return err
}

// EncodeAnswer returns the message of an answer.
func EncodeAnswer(data []byte) []byte { return appendText(nil, fieldAnswer, string(data)) }

// DecodeAnswer reads an answer.
func DecodeAnswer(b []byte) (data []byte, err error) {
	err = eachField(b, func(number int, value []byte) error {
		if number == fieldAnswer {
			data = value
		}
		return nil
	})
	return data, err
}
