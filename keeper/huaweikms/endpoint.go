package huaweikms

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/seed-1f7fdfb8/sops/internal/env"
	"github.com/seed-1f7fdfb8/sops/internal/rest"
	"github.com/seed-1f7fdfb8/sops/keeper/huaweikms/huaweikey"
)

func isRegion(text string) bool {
	return regexp.MustCompile(`^[a-z]{2}(-[a-z0-9]{1,20}){1,4}$`).MatchString(text)
}

func isKeyID(text string) bool {
	return regexp.MustCompile(`^[0-9a-zA-Z]{8}(-[0-9a-zA-Z]{4}){3}-[0-9a-zA-Z]{12}$`).MatchString(text)
}

func isProject(text string) bool {
	return regexp.MustCompile(`^[0-9a-zA-Z_-]{1,64}$`).MatchString(text)
}

// parse reads the name of the key.
func (u *use) parse() error {
	var ok bool
	text := u.key.Text(huaweikey.FieldID)
	u.region, u.id, ok = huaweikey.Split(text)
	switch {
	case !ok:
		return fmt.Errorf("%s %q does not have the form REGION:UUID", huaweikey.FieldID, clean(text))
	case !isRegion(u.region):
		return fmt.Errorf("%s: %q is not the name of a region", huaweikey.FieldID, clean(u.region))
	case !isKeyID(u.id):
		return fmt.Errorf("%s: %q is not the id of a key, which has 36 characters", huaweikey.FieldID, clean(u.id))
	}
	return nil
}

// domain is where the hosts of a region are. Regions that are not known here
// follow the pattern, since new ones do.
func domain(region string) string {
	if region == "eu-west-101" {
		return "myhuaweicloud.eu"
	}
	return "myhuaweicloud.com"
}

// endpoint is the address of KMS in a region: that of the variable that Huawei's
// SDK reads, the first if it names several, or the one that the region has.
func (k *Keeper) endpoint(region string) (string, error) {
	variable := "HUAWEICLOUD_SDK_REGION_KMS_" + strings.ToUpper(strings.ReplaceAll(region, "-", "_"))
	return k.address(variable, "https://kms."+region+"."+domain(region))
}

// iam is the address of IAM, which knows the projects of an account.
func (k *Keeper) iam(c *credentials, region string) (string, error) {
	if c.iam != "" {
		if err := rest.CheckURL(c.iam); err != nil {
			return "", fmt.Errorf("%s: iam_endpoint: %w", c.from, err)
		}
		return strings.TrimRight(c.iam, "/"), nil
	}
	usual := "https://iam.myhuaweicloud.com"
	if d := domain(region); d != "myhuaweicloud.com" {
		usual = "https://iam." + region + "." + d
	}
	return k.address("HUAWEICLOUD_SDK_IAM_ENDPOINT", usual)
}

func (k *Keeper) address(variable, usual string) (string, error) {
	text, _, _ := strings.Cut(env.Env(k.o.Env).Get(variable), ",")
	text = strings.TrimRight(strings.TrimSpace(text), "/")
	if text == "" {
		return usual, nil
	}
	if !strings.Contains(text, "://") {
		text = "https://" + text
	}
	if err := rest.CheckURL(text); err != nil {
		return "", fmt.Errorf("%s: %w", variable, err)
	}
	return text, nil
}
