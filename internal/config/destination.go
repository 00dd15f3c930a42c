package config

import (
	"errors"

	"github.com/seed-1f7fdfb8/sops/internal/yamlread"
	"github.com/seed-1f7fdfb8/sops/keeper/awskms/awskey"
)

// A Destination says where publish uploads the files to that a path matches.
// Exactly one of S3Bucket, GCSBucket, VaultPath, SecretsPath and ParametersPath
// is set.
type Destination struct {
	// Line is where the rule begins, PathRegex what the path matched ("" is
	// any path).
	Line      int
	PathRegex string

	S3Bucket, S3Prefix   string
	GCSBucket, GCSPrefix string

	VaultPath, VaultAddress, VaultKVMount string
	VaultKVVersion                        int // 1 or 2; 0 means the default

	// SecretsPath is in AWS Secrets Manager, ParametersPath in the Parameter Store
	// of AWS Systems Manager.
	SecretsPath, ParametersPath string
	AWS                         AWS

	OmitExtensions bool
	// Recreation says how the file is encrypted anew for the destination, nil
	// if it is uploaded as it is.
	Recreation *Rule
}

// AWS says how the destinations of AWS are reached, and what is kept there with
// what is published.
type AWS struct {
	Region, Profile, Role string
	KMSKey                string // that encrypts it there; "" is the service's own
	Tags                  map[string]string
	PerKey                bool // a secret or a parameter for each value of the file
}

// A destination is a destination rule as it is written.
type destination struct {
	at         yamlread.Place
	path       yamlread.Text
	is         Destination // but for Recreation
	recreation *creation
}

func destinationFields() []field[destination] {
	str := func(name string, of func(*Destination) *string) field[destination] {
		return field[destination]{name, func(r *reader, n yamlread.Node, d *destination) { *of(&d.is) = r.Text(n, name).Value }}
	}
	return []field[destination]{
		{"path_regex", func(r *reader, n yamlread.Node, d *destination) { d.path = r.Text(n, "path_regex") }},
		str("s3_bucket", func(d *Destination) *string { return &d.S3Bucket }),
		str("s3_prefix", func(d *Destination) *string { return &d.S3Prefix }),
		str("gcs_bucket", func(d *Destination) *string { return &d.GCSBucket }),
		str("gcs_prefix", func(d *Destination) *string { return &d.GCSPrefix }),
		str("vault_path", func(d *Destination) *string { return &d.VaultPath }),
		str("vault_address", func(d *Destination) *string { return &d.VaultAddress }),
		str("vault_kv_mount_name", func(d *Destination) *string { return &d.VaultKVMount }),
		{"vault_kv_version", func(r *reader, n yamlread.Node, d *destination) {
			v, _ := r.Number(n, "vault_kv_version", 0)
			if v > 2 {
				r.Fail(n, "write 1 or 2", "there is no version %d of the key-value engine", v)
			}
			d.is.VaultKVVersion = v
		}},
		str("aws_secrets_manager_path", func(d *Destination) *string { return &d.SecretsPath }),
		str("aws_parameter_store_path", func(d *Destination) *string { return &d.ParametersPath }),
		str("aws_region", func(d *Destination) *string { return &d.AWS.Region }),
		str(awskey.FieldProfile, func(d *Destination) *string { return &d.AWS.Profile }),
		str("aws_role", func(d *Destination) *string { return &d.AWS.Role }),
		str("aws_kms_key", func(d *Destination) *string { return &d.AWS.KMSKey }),
		{"aws_tags", func(r *reader, n yamlread.Node, d *destination) {
			d.is.AWS.Tags = map[string]string{}
			for name, value := range r.Pairs(n, "aws_tags") {
				d.is.AWS.Tags[name] = value.Value
			}
		}},
		{"aws_per_key", func(r *reader, n yamlread.Node, d *destination) {
			d.is.AWS.PerKey, _ = r.Bool(n, "aws_per_key")
		}},
		{"omit_extensions", func(r *reader, n yamlread.Node, d *destination) {
			d.is.OmitExtensions, _ = r.Bool(n, "omit_extensions")
		}},
		{"recreation_rule", func(r *reader, n yamlread.Node, d *destination) {
			if !r.IsNull(n) {
				c := readCreation(r, n)
				d.recreation = &c
			}
		}},
	}
}

// DestinationFor returns the first destination rule that matches path. Its
// errors are like those of RuleFor.
func (f *File) DestinationFor(path string) (*Destination, error) {
	if !f.hasDestination {
		return nil, &Error{
			Path: f.Path, Err: ErrNoRules, Msg: "there are no destination_rules",
			Hint: "add destination_rules, such as - s3_bucket: NAME",
		}
	}
	d, found, err := first(f, "destination_rules", f.destination, func(d *destination) yamlread.Text { return d.path }, path)
	if err != nil {
		return nil, err
	}
	return f.destinationOf(d, found)
}

func (f *File) destinationOf(d *destination, found captures) (*Destination, error) {
	out := d.is
	out.Line, out.PathRegex = d.at.Line, d.path.Value
	named := 0
	for _, name := range []string{out.S3Bucket, out.GCSBucket, out.VaultPath, out.SecretsPath, out.ParametersPath} {
		if name != "" {
			named++
		}
	}
	const choose = "give one of s3_bucket, gcs_bucket, vault_path, aws_secrets_manager_path and aws_parameter_store_path"
	if named == 0 {
		return nil, f.refuse(d.at, errors.New("the rule names no destination"), choose)
	}
	if named > 1 {
		return nil, f.refuse(d.at, errors.New("the rule names more than one destination"), choose)
	}
	if err := f.checkAWS(d, out); err != nil {
		return nil, err
	}
	if d.recreation == nil {
		return &out, nil
	}
	recreation, err := f.rule(d.recreation, found)
	if err != nil {
		return nil, err
	}
	out.Recreation = recreation
	return &out, nil
}

// checkAWS refuses settings that would have no effect.
func (f *File) checkAWS(d *destination, out Destination) error {
	values := out.SecretsPath != "" || out.ParametersPath != ""
	of := out.AWS
	switch {
	case of.PerKey && !values:
		return f.refuse(d.at, errors.New("aws_per_key is for aws_secrets_manager_path and aws_parameter_store_path"), "leave it out")
	case len(of.Tags) > 0 && !values:
		return f.refuse(d.at, errors.New("aws_tags is for aws_secrets_manager_path and aws_parameter_store_path"), "leave it out")
	case values || out.S3Bucket != "":
		return nil
	case of.Region != "" || of.Profile != "" || of.Role != "" || of.KMSKey != "":
		return f.refuse(d.at, errors.New("the rule names no destination of AWS, but settings for one"), "leave them out")
	}
	return nil
}
