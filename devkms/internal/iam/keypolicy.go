package iam

import "fmt"

// DefaultKeyPolicy is the key policy that KMS gives a key without one.
func DefaultKeyPolicy(account string) *Policy {
	p, err := ParsePolicy(fmt.Sprintf(`{
  "Version" : "2012-10-17",
  "Id" : "key-default-1",
  "Statement" : [ {
    "Sid" : "Enable IAM User Permissions",
    "Effect" : "Allow",
    "Principal" : {
      "AWS" : "arn:aws:iam::%s:root"
    },
    "Action" : "kms:*",
    "Resource" : "*"
  } ]
}`, account))
	if err != nil {
		panic("iam: the default key policy: " + err.Error())
	}
	p.Locate("that KMS gives keys without one", func(int) int { return 0 })
	return p
}
