module github.com/seed-1f7fdfb8/sops

go 1.26
