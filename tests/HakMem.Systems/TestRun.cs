using System;
using System.Collections.Generic;
using System.Linq;
using System.Reflection;
using System.Threading;
using Xunit;
using Xunit.Abstractions;
using Xunit.Sdk;

namespace HakMem.Systems;

/// <summary>All tests of an assembly, or those whose names hold one of some texts, in this process and one after the other.</summary>
internal static class TestRun
{
    public static int List(Assembly assembly)
    {
        using XunitTestFramework framework = new(new Sink(static _ => { }));
        foreach (string name in Find(framework, assembly).Select(static one => one.TestMethod.TestClass.Class.Name).Distinct()) Console.WriteLine(name);
        return 0;
    }

    public static int Run(Assembly assembly, string[] parts)
    {
        using XunitTestFramework framework = new(new Sink(static _ => { }));
        List<ITestCase> cases = Find(framework, assembly);
        if (parts.Length != 0) cases.RemoveAll(one => !parts.Any(part => one.DisplayName.Contains(part, StringComparison.Ordinal)));

        using ManualResetEventSlim done = new();
        int passed = 0, failed = 0, skipped = 0;
        bool isTold = Environment.GetEnvironmentVariable("HAKMEMTEST_NAMES") == "1";
        using ITestFrameworkExecutor executor = framework.GetExecutor(assembly.GetName());
        executor.RunTests(cases, new Sink(message =>
        {
            switch (message)
            {
                case ITestStarting starting when isTold:
                    Console.WriteLine($"  {starting.Test.DisplayName}");
                    break;
                case ITestPassed:
                    passed++;
                    break;
                case ITestFailed failure:
                    failed++;
                    Console.WriteLine($"failed: {failure.Test.DisplayName}{Environment.NewLine}  {string.Join(Environment.NewLine + "  ", failure.Messages.Concat(failure.StackTraces))}");
                    if (OperatingSystem.IsWindows()) Environment.Exit(1);   // Wine 8 ends in a loop at the next exception on the main thread
                    break;
                case ITestSkipped skip:
                    skipped++;
                    Console.WriteLine($"skipped: {skip.Test.DisplayName}: {skip.Reason}");
                    break;
                case IFailureInformation error:   // a fixture, a collection
                    failed++;
                    Console.WriteLine($"failed: {string.Join(Environment.NewLine + "  ", error.Messages.Concat(error.StackTraces))}");
                    break;
                case ITestAssemblyFinished:
                    done.Set();
                    break;
            }
        }), new Settings());
        done.Wait();
        Console.WriteLine($"{assembly.GetName().Name}: {passed} passed, {failed} failed, {skipped} skipped");
        return failed == 0 && passed + skipped != 0 ? 0 : 1;
    }

    private static List<ITestCase> Find(XunitTestFramework framework, Assembly assembly)
    {
        using ITestFrameworkDiscoverer discoverer = framework.GetDiscoverer(Reflector.Wrap(assembly));
        using ManualResetEventSlim found = new();
        List<ITestCase> cases = [];
        discoverer.Find(false, new Sink(message =>
        {
            if (message is ITestCaseDiscoveryMessage discovered) cases.Add(discovered.TestCase);
            if (message is IDiscoveryCompleteMessage) found.Set();
        }), new Settings());
        found.Wait();
        return cases;
    }

    private sealed class Sink(Action<IMessageSinkMessage> onMessage) : LongLivedMarshalByRefObject, IMessageSink
    {
        public bool OnMessage(IMessageSinkMessage message)
        {
            lock (onMessage) onMessage(message);
            return true;
        }
    }

    private sealed class Settings : ITestFrameworkDiscoveryOptions, ITestFrameworkExecutionOptions
    {
        private readonly Dictionary<string, object?> _values = new() { ["xunit.execution.DisableParallelization"] = true };

        public TValue GetValue<TValue>(string name) => _values.TryGetValue(name, out object? value) ? (TValue)value! : default!;

        public void SetValue<TValue>(string name, TValue value) => _values[name] = value;
    }
}
