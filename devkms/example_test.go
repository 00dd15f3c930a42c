package devkms_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/smithy-go"

	"github.com/seed-1f7fdfb8/sops/devkms"
)

// A user to which no policy allows anything is refused, as by AWS. The audit log
// says which policy decided.
func Example() {
	s, err := devkms.New(devkms.Options{})
	if err != nil {
		log.Fatal(err)
	}
	url, err := s.Listen()
	if err != nil {
		log.Fatal(err)
	}
	client := kms.NewFromConfig(aws.Config{
		Region:       "us-east-1",
		BaseEndpoint: aws.String(url),
		Credentials:  credentials.NewStaticCredentialsProvider("AKIADEVBOB000EXAMPLE", "devkms/bob/not/a/secret/EXAMPLE", ""),
	})
	_, err = client.Encrypt(context.Background(), &kms.EncryptInput{KeyId: aws.String("alias/sops-dev"), Plaintext: []byte("hello")})
	var refusal smithy.APIError
	if errors.As(err, &refusal) {
		fmt.Println(refusal.ErrorCode())
	}
	fmt.Println(s.Calls()[0].Decision)
	if err := s.Close(); err != nil {
		log.Fatal(err)
	}
	// Output:
	// AccessDeniedException
	// denied because no identity-based policy allows the kms:Encrypt action
}
