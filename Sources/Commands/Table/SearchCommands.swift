// The FT.* rows of the command table. Commands that are not here do not exist yet.

package enum SearchCommands {
    package static let all: [CommandDescriptor] = [
        FTCreate.descriptor, FTCreateIfNotExists.descriptor, FTAlter.descriptor, FTAlterIfNotExists.descriptor,
        FTDropIndex.descriptor, FTDropIndexIfExists.descriptor, FTDrop.descriptor, FTDropIfExists.descriptor,
        FTList.descriptor, FTInfo.descriptor, FTTagVals.descriptor,

        FTAliasAdd.descriptor, FTAliasAddIfNotExists.descriptor, FTAliasUpdate.descriptor, FTAliasDel.descriptor,
        FTAliasDelIfExists.descriptor,

        FTSearch.descriptor, FTAggregate.descriptor, FTCursor.descriptor, FTExplain.descriptor,
        FTExplainCLI.descriptor, FTProfile.descriptor, FTSpellCheck.descriptor,

        FTDictAdd.descriptor, FTDictDel.descriptor, FTDictDump.descriptor,
        FTSynUpdate.descriptor, FTSynDump.descriptor, FTSynAdd.descriptor,

        FTSugAdd.descriptor, FTSugGet.descriptor, FTSugDel.descriptor, FTSugLen.descriptor,
    ]
}
