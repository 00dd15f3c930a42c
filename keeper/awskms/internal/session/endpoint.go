package session

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	smithyendpoints "github.com/aws/smithy-go/endpoints"
)

// KMSURL returns where o sends its calls, to be named in errors.
func KMSURL(ctx context.Context, o kms.Options) string {
	return resolved(kms.NewDefaultEndpointResolverV2().ResolveEndpoint(ctx, kms.EndpointParameters{
		Region: &o.Region, Endpoint: o.BaseEndpoint,
		UseDualStack: aws.Bool(o.EndpointOptions.UseDualStackEndpoint == aws.DualStackEndpointStateEnabled),
		UseFIPS:      aws.Bool(o.EndpointOptions.UseFIPSEndpoint == aws.FIPSEndpointStateEnabled),
	}))
}

// stsURL is KMSURL for STS.
func stsURL(ctx context.Context, o sts.Options) string {
	return resolved(sts.NewDefaultEndpointResolverV2().ResolveEndpoint(ctx, sts.EndpointParameters{
		Region: &o.Region, Endpoint: o.BaseEndpoint, UseGlobalEndpoint: aws.Bool(false),
		UseDualStack: aws.Bool(o.EndpointOptions.UseDualStackEndpoint == aws.DualStackEndpointStateEnabled),
		UseFIPS:      aws.Bool(o.EndpointOptions.UseFIPSEndpoint == aws.FIPSEndpointStateEnabled),
	}))
}

func resolved(e smithyendpoints.Endpoint, err error) string {
	if err != nil || e.URI.Host == "" {
		return "AWS"
	}
	return e.URI.Redacted()
}
