package devkms

import "github.com/seed-1f7fdfb8/sops/devkms/internal/world"

// The parts of a World, which package world describes.
type (
	World         = world.World
	Account       = world.Account
	AccessKey     = world.AccessKey
	User          = world.User
	MFA           = world.MFA
	Origin        = world.Origin
	Role          = world.Role
	Profile       = world.Profile
	Issuer        = world.Issuer
	Key           = world.Key
	Grant         = world.Grant
	Level         = world.Level
	Policy        = world.Policy
	SSO           = world.SSO
	PermissionSet = world.PermissionSet
	Instance      = world.Instance
	Task          = world.Task
	Pod           = world.Pod
	Anywhere      = world.Anywhere
)

// ParseWorld reads a world file (YAML; JSON is YAML too). Every mistake is
// reported, each as name:line: reason.
func ParseWorld(name string, src []byte) (*World, error) { return world.Parse(name, src) }

// BuiltinWorld returns the world that the package comment describes.
func BuiltinWorld() *World { return world.Builtin() }

// BuiltinYAML returns the built-in world as a world file, to copy from.
func BuiltinYAML() []byte { return world.BuiltinYAML() }

// WorldSchema returns the JSON Schema of world files, for editors.
func WorldSchema() []byte { return world.Schema() }

// ParsePolicy reads a policy document. What a particular kind of policy must
// or must not have is checked when a world is.
func ParsePolicy(text string) (*Policy, error) { return world.ParsePolicy(text) }
