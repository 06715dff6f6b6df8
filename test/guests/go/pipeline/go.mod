module guest/pipeline

go 1.21
