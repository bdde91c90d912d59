#if MUTANTS
using System.Reflection;

namespace TwoNodeHa.Sim.Mutation;

/// <summary>
/// The unit tests of one machine (tests/TwoNodeHa.Core.Tests/Machine), compiled into the test build: they run against the mutated
/// Core, on the thread in which the mutant is on.
/// </summary>
internal static class UnitTests
{
    /// <summary>A class and a method, CLASS.METHOD, that is there.</summary>
    public static bool Exists(string name) => Of(name).Any();

    /// <summary>All of them, CLASS.METHOD.</summary>
    public static IEnumerable<string> Names() => Of("").Select(method => $"{method.DeclaringType!.Name}.{method.Name}").Distinct();

    /// <summary>What a test says against the mutant that is on; null when it passes.</summary>
    /// <param name="name">CLASS.METHOD, CLASS for all of it, or empty for every test there is.</param>
    public static string? Broken(string name)
    {
        foreach (var method in Of(name))
        {
            foreach (var arguments in Arguments(method))
            {
                if (Failure(method, arguments) is { } failure)
                {
                    return $"{method.DeclaringType!.Name}.{method.Name}: {failure}";
                }
            }
        }

        return null;
    }

    private static IEnumerable<MethodInfo> Of(string name)
    {
        var parts = name.Split('.');
        return typeof(UnitTests).Assembly.GetTypes().Where(type => name.Length == 0 || type.Name == parts[0])
            .SelectMany(type => type.GetMethods(BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly))
            .Where(method => method.IsDefined(typeof(Xunit.FactAttribute), inherit: true) && (parts.Length == 1 || method.Name == parts[1]));
    }

    private static IEnumerable<object?[]> Arguments(MethodInfo method) => method.GetParameters().Length == 0
        ? [[]]
        : method.GetCustomAttributes<Xunit.InlineDataAttribute>().Select(line => line.Data);

    private static string? Failure(MethodInfo method, object?[] arguments)
    {
        try
        {
            method.Invoke(method.IsStatic ? null : Activator.CreateInstance(method.DeclaringType!), arguments);
            return null;
        }
        catch (TargetInvocationException thrown) when (thrown.InnerException is { } error)
        {
            return error.Message.Split('\n')[0].Trim();
        }
    }
}
#endif
