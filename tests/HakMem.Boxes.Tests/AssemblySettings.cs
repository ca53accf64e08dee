using Xunit;

// The OS box of the tests counts for the whole process, and two processors are all there is.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
